"""Policies that judge every resource of a stack at preview. `rules/` is pure; `__main__.py` assembles the CrossGuard pack."""
