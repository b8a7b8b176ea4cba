"""Rules of one matter each that the tables of types/ put together."""
