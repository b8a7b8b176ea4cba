"""The check of a plan: what it would replace or delete that holds models, weights or keys."""
