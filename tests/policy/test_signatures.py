"""Images that must be signed: what the settings may say, and the policies that Kyverno gets for it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from components.kubernetes.governance import IMAGE_POLICY
from policy.admission.manifests import NOT_A_TRIAL
from policy.admission.signatures import CONTAINERS, image_policies
from stacks.signed_images import SignedImagesSettings
from tests.kubernetes_api.kubeconform import validate

KEY = "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n"
BY_KEY = {"images": "ghcr.io/example/*", "public_key": KEY}
KEYLESS = {
    "images": "ghcr.io/example/engine*",
    "issuer": "https://token.actions.githubusercontent.com",
    "subject": "https://github.com/example/engine/.github/workflows/release.yml@refs/heads/main",
}


def made(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    return image_policies([SignedImagesSettings.model_validate(row).signed for row in rows], {"team": "platform"})


def test_each_entry_becomes_a_policy_on_pods_of_teams_that_changes_nothing_and_refuses_what_it_cannot_check() -> None:
    for policy, row in zip(made(BY_KEY, KEYLESS), (BY_KEY, KEYLESS), strict=True):
        spec = policy["spec"]
        assert policy["kind"] == IMAGE_POLICY
        assert (spec["validationActions"], spec["failurePolicy"]) == (["Deny"], "Fail")
        assert spec["matchImageReferences"] == [{"glob": row["images"]}]
        assert {"name": NOT_A_TRIAL[0], "expression": NOT_A_TRIAL[1]} in spec["matchConditions"]
        assert spec["validationConfigurations"]["mutateDigest"] is False
        assert all(f"images.{kind}.all(" in spec["validations"][0]["expression"] for kind in CONTAINERS)


def test_the_signer_is_the_one_that_the_settings_name() -> None:
    by_key, keyless = (policy["spec"]["attestors"][0]["cosign"] for policy in made(BY_KEY, KEYLESS))
    assert by_key["key"] == {"data": KEY}
    assert keyless["keyless"] == {"identities": [{"issuer": KEYLESS["issuer"], "subject": KEYLESS["subject"]}]}


@pytest.mark.parametrize(
    "row",
    [
        {"images": "ghcr.io/example/*"},
        {**BY_KEY, "issuer": KEYLESS["issuer"]},
        {**KEYLESS, "public_key": KEY},
        {"images": "ghcr.io/example/*", "issuer": KEYLESS["issuer"]},
        {**BY_KEY, "images": "*"},
        {**BY_KEY, "public_key": "MFkw"},
    ],
)
def test_half_a_signer_two_of_them_and_images_of_everybody_are_refused(row: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SignedImagesSettings.model_validate(row)


@pytest.mark.tools
def test_the_policies_are_as_kyvernos_schema_says_and_a_misspelt_field_is_found() -> None:
    policies = made(BY_KEY, KEYLESS)
    assert [str(found) for found in validate(policies)] == []
    policies[0]["spec"]["attestor"] = policies[0]["spec"].pop("attestors")
    assert validate(policies)
