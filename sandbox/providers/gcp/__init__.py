"""Stand-in for Google Cloud's provider."""
