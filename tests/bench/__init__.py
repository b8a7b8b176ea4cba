"""Figures of speed. Run with `make bench`; never part of the tests, because machines differ and tire."""
