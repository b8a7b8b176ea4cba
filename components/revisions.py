"""Whether a deployment that stays gets a new revision, which loads its model anew. Pure.

Anything in a revision's template makes one: image, arguments, resources, labels, limits, and in Knative mode the fewest and most
replicas too. A digest of the template as it will be declared is published with each sizing record, so that a change of the
platform's own code is told as well as one of a team's file; what the deployed stack published is compared with what the program
would publish.
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


def loads_anew(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """True where the published records of a deployment differ in what makes a new revision."""
    return old.get(DIGEST) != new.get(DIGEST)
