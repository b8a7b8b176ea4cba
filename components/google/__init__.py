"""Google Cloud resources, one component a file."""
