"""The smoke test of what is deployed: real requests by the same way as a caller's, one row for each promise of an endpoint."""
