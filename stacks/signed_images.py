"""Images of teams' pods that must be signed, and by whom."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from policy.signed import Signed
from stacks.setting_groups import SettingsGroup


class SignedImagesSettings(SettingsGroup):
    """Images that run in teams' namespaces only where this signer has signed them (Sigstore's cosign)."""

    images: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*(:[0-9]+)?/[a-z0-9._/-]*[*]?$")] = Field(
        description="Which images, such as ghcr.io/example/*."
    )
    public_key: Annotated[str, Field(pattern=r"^-----BEGIN PUBLIC KEY-----\n")] | None = Field(
        default=None, description="The signer's public key in PEM. Default: none, the signature is keyless."
    )
    issuer: Annotated[str, Field(pattern=r"^https://\S+$")] | None = Field(
        default=None,
        description="Who vouches for the signer, such as https://token.actions.githubusercontent.com. Default: none, a key is "
        "used.",
    )
    subject: Annotated[str, Field(min_length=1)] | None = Field(
        default=None, description="The signer as the issuer names it, whole. Default: none, a key is used."
    )

    @model_validator(mode="after")
    def _one_signer(self) -> SignedImagesSettings:
        keyless = (self.issuer is not None, self.subject is not None)
        if keyless != (self.public_key is None,) * 2:
            raise ValueError("needs either public_key, or issuer and subject")
        return self

    @property
    def signed(self) -> Signed:
        """As the policies at admission take it."""
        return Signed(self.images, self.public_key, self.issuer, self.subject)
