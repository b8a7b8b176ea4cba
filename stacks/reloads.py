"""Which deployments load their model anew by an update: told in the preview, since a reload takes minutes on a GPU. Pure.

Anything in a revision's template makes a new revision: image, arguments, resources, labels, limits, and in Knative mode the
fewest and most replicas too. A digest of the template as it will be declared is published with each sizing record, so that a
change of the platform's own code is told as well as one of a team's file; what the deployed stack published is compared with what
the program would publish.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

#: Under this key stands the digest in a published record.
DIGEST = "revision_digest"


def revision_digest(template: Mapping[str, Any]) -> str:
    """A digest of all that makes a new revision."""
    return hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:16]


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
