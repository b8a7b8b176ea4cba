"""The fixture that asks for a finished set-up, which the tests of the sandbox have too."""

from tests.sandbox.conftest import set_up as set_up
