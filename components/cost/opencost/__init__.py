"""OpenCost's price file, and whether it shows the catalogue's prices after a deploy."""
