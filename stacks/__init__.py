"""Environments: their settings, the team files that people edit, and the one composer that turns both into components."""
