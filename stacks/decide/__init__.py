"""What docs/decide.md compares: typical loads, and for each the ways to serve it. Knows no Pulumi."""
