"""Prices of what deployments share, how old prices are, and how they compare with the Cloud Billing catalogue."""
