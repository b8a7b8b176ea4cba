"""Twelve pull requests through the real engine, each with the report that its reviewer gets. `update.py` writes them anew."""
