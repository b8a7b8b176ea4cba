"""Which deployments load their model anew by an update: told in the preview, since a reload takes minutes on a GPU. Pure.

Anything in a revision's template makes a new revision: image, arguments, resources, labels, limits, and in Knative mode the
fewest and most replicas too. A digest of the template is published with each sizing record; what the deployed stack published is
compared with what the program would publish.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from components.kubernetes.inference_service import KNATIVE
from components.served_model import ServedModelArgs

#: Under this key stands the digest in a published record.
DIGEST = "revision_digest"
#: What moves traffic or starts and stops a deployment without making a revision.
NOT_IN_TEMPLATE = ("canary_percent", "paused")
#: In Standard mode KEDA changes the number of replicas of a Deployment, which leaves its pods alone.
NOT_IN_PODS = ("min_replicas", "max_replicas", "target_concurrency", "first_token_ms")


def revision_digest(model: ServedModelArgs, labels: Mapping[str, str], nodes: str | None) -> str:
    """A digest of all that makes a new revision; `nodes` is the pool that is chosen."""
    left_out = NOT_IN_TEMPLATE if model["mode"] == KNATIVE else (*NOT_IN_TEMPLATE, *NOT_IN_PODS)
    template = {key: value for key, value in model.items() if key not in left_out}
    content = json.dumps([template, dict(labels), nodes], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def reload_notes(before: object, after: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """One sentence for each deployment that reloads, and for those that come or go.

    `before` is what the deployed stack published under `records`: anything else than records of this form counts as nothing.
    """
    deployed = before if isinstance(before, Mapping) else {}
    notes = []
    for key in sorted({*deployed, *after}):
        old, new = deployed.get(key), after.get(key)
        if new is None:
            notes.append(f"{key}: removed; its endpoint goes away")
        elif not isinstance(old, Mapping):
            notes.append(f"{key}: new; ready about {_minutes(new)} after its node is there")
        elif old.get(DIGEST) != new.get(DIGEST):
            notes.append(
                f"{key}: a new revision loads the model anew, about {_minutes(new)} a replica; the old one serves until then"
            )
    return notes


def _minutes(record: Mapping[str, Any]) -> str:
    return f"{max(1, round(int(record['startup_seconds']) / 60))} min"
