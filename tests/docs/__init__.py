"""What the documents show works: every block, command and link is checked, and what only reads is run."""
