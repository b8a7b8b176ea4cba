"""Keeps secrets out of what is printed: the token, whatever looks like one, and signatures in addresses. Pure."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"\b(hf|api_org)_[A-Za-z0-9]{6,}|\bya29\.[\w.-]+|(?i:\bbearer\s+)\S+")
_QUERY = re.compile(r"(?<=\S)\?[^\s'\"<>)]*=[^\s'\"<>)]*")
"""Where a content network's signature stands."""


def redacted(text: str, *secrets: str | None) -> str:
    """`text` without those secrets, without anything that looks like a token, and without the queries of addresses."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "***")
    return _QUERY.sub("?***", _TOKEN.sub("***", text))
