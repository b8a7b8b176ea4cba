"""What is cheaper when: ways to serve one deployment side by side, and where their costs cross."""
