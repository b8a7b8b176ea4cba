"""The price of a hosted model beside which pages set replicas of one's own. Nothing is refused or charged by it."""

from __future__ import annotations

from decimal import Decimal

#: Vertex AI MaaS google/gemma-4-26b-a4b-it-maas, in USD a million tokens in and out, as BerriAI/litellm PR 26955 quotes Google's
#: price page (no date given; read 2026-11).
HOSTED_MODEL = "gemma-4-26b-a4b-it"
HOSTED_INPUT, HOSTED_OUTPUT = Decimal("0.15"), Decimal("0.60")
