"""Manifests of Kyverno's ImageValidatingPolicies: images that a signer must have signed before a team's pod may run them. Pure.

Off unless the settings name signed images: of vLLM's, which teams' pods run, no signature was found (public issues and
documents, 2026-11), and controllers' namespaces are not judged at admission. Kyverno asks the image's registry, and for keyless
signatures Sigstore's log, from inside the cluster at each admission: what it cannot reach is refused. Pods are not changed.
Source: github.com/kyverno/kyverno v1.19.1 config/crds/policies.kyverno.io and test/integration/ivpol (2026-09-10).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from components.kubernetes.governance import API_VERSION, IMAGE_POLICY
from components.kubernetes.team_namespace import TEAM_LABEL
from policy.admission.manifests import NOT_A_TRIAL, NOT_BEING_DELETED, RULE_LABEL
from policy.signed import Signed

#: The public log of keyless signatures.
LOG = "https://rekor.sigstore.dev"
#: Longest that the API server waits: the most that it allows, since registry and log are asked.
TIMEOUT_SECONDS = 30
CONTAINERS = ("containers", "initContainers", "ephemeralContainers")


def image_policies(signed: Sequence[Signed], labels: Mapping[str, str]) -> list[dict[str, Any]]:
    """One policy for each entry, on pods in teams' namespaces."""
    return [_policy(index, one, labels) for index, one in enumerate(signed)]


def _policy(index: int, signed: Signed, labels: Mapping[str, str]) -> dict[str, Any]:
    verified = " && ".join(
        f"images.{kind}.all(image, verifyImageSignatures(image, [attestors.signer]) > 0)" for kind in CONTAINERS
    )
    return {
        "apiVersion": API_VERSION,
        "kind": IMAGE_POLICY,
        "metadata": {"name": f"signed-images-{index}", "labels": {**labels, RULE_LABEL: "allowed-images"}},
        "spec": {
            "validationActions": ["Deny"],
            "failurePolicy": "Fail",
            "webhookConfiguration": {"timeoutSeconds": TIMEOUT_SECONDS},
            "evaluation": {"admission": {"enabled": True}, "background": {"enabled": False}},
            "matchConstraints": {
                "namespaceSelector": {"matchExpressions": [{"key": TEAM_LABEL, "operator": "Exists"}]},
                "resourceRules": [
                    {
                        "apiGroups": [""],
                        "apiVersions": ["v1"],
                        "operations": ["CREATE", "UPDATE"],
                        "resources": ["pods"],
                    }
                ],
            },
            "matchConditions": [
                {"name": name, "expression": expression} for name, expression in (NOT_A_TRIAL, NOT_BEING_DELETED)
            ],
            "matchImageReferences": [{"glob": signed.images}],
            "attestors": [{"name": "signer", "cosign": _signer(signed)}],
            # tags and digests are for the rule allowed-images
            "validationConfigurations": {"mutateDigest": False, "verifyDigest": False, "required": True},
            "validations": [
                {
                    "expression": verified,
                    "message": f"an image of {signed.images} is not signed by who must have signed it",
                }
            ],
        },
    }


def _signer(signed: Signed) -> dict[str, Any]:
    if signed.public_key is not None:
        return {"key": {"data": signed.public_key}, "ctlog": {"insecureIgnoreTlog": True, "insecureIgnoreSCT": True}}
    identity = {"issuer": signed.issuer, "subject": signed.subject}
    return {"keyless": {"identities": [identity]}, "ctlog": {"url": LOG}}
