"""Fixtures of the examples: those of the tests that run the real engine."""

from tests.sandbox.conftest import sandbox, set_up

__all__ = ["sandbox", "set_up"]
