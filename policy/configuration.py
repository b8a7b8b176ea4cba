"""What people of a stack without settings of this platform may say in the configuration of the pack. Pure.

The policy `environment` takes it: `pulumi preview --policy-pack ... --policy-pack-config FILE` with
`{"environment": {"image_prefixes": ["docker.io/vllm/"]}}`. Names and meanings are those of `Context`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from components.sizing.catalogue import PurchaseOption
from components.sizing.errors import did_you_mean

_TEXTS = {"type": "array", "items": {"type": "string"}}
#: JSON Schema of each.
SCHEMA: dict[str, dict[str, Any]] = {
    "today": {"type": "string", "format": "date", "description": "The day that expiry dates are compared with."},
    "allow_tight": {"type": "boolean", "description": "Let models run that fit only at the lower end of the estimate."},
    "allow_fp8_kv": {"type": "boolean", "description": "Let KV caches be fp8 without scales of their own."},
    "allow_unknown": {
        **_TEXTS,
        "description": "Deployments that may run although a fact about their memory is missing.",
    },
    "image_prefixes": {
        **_TEXTS,
        "description": "What images may begin with, each ended by a slash. Default: what the platform installs.",
    },
    "require_digests": {"type": "boolean", "description": "Images are named by digest."},
    "purchase_options": {
        "type": "array",
        "items": {"type": "string", "enum": list(get_args(PurchaseOption))},
        "description": "Ways to buy machines. Default: all.",
    },
    "region": {"type": "string", "description": "Region that everything must be in. Default: any."},
    "encrypted": {
        "type": "array",
        "items": {"type": "string", "enum": ["cluster", "buckets", "secrets"]},
        "description": "What needs keys of the organisation's own. Default: nothing.",
    },
    "authenticated_ingress": {"type": "boolean", "description": "The way in to the models asks who calls."},
    "advisory": {**_TEXTS, "description": "Rules that only advise. Default: none."},
}


def checked(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration without what is not set. Raises ValueError for a name that nothing reads, which Pulumi lets pass."""
    for name in configuration:
        if name not in SCHEMA:
            raise ValueError(
                f"the configuration of the policy 'environment' has '{name}', which nothing reads{did_you_mean(name, SCHEMA)}"
            )
    return {name: value for name, value in configuration.items() if value is not None}
