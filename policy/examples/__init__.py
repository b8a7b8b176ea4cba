"""Examples of every rule, one file a rule: what it lets through and what it refuses, near misses included. For tests and docs."""
