"""What deployments and their shared platform cost: planned before a change, divided fairly after the month. Money is Decimal."""
