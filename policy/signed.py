"""Images that must be signed, and by whom. Pure data, which settings and admission share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signed:
    """Images and who has signed them: a public key, or the issuer and subject of a keyless signature."""

    images: str
    public_key: str | None = None
    issuer: str | None = None
    subject: str | None = None
