"""What the cluster itself remembers of a release: a Secret beside its objects, as with Helm, though in a simpler form.

It holds what an upgrade and a deletion need: the inputs, references of the objects, and the hooks of a deletion.
"""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import asdict, dataclass

from sandbox.cluster.api_server import Object
from sandbox.providers.api import Properties
from sandbox.providers.kubernetes.live.patient_server import PatientServer, as_object

MANAGER = "helm"
DEPLOYED, PENDING, FAILED = "deployed", "pending", "failed"


@dataclass(frozen=True, slots=True)
class ReleaseRecord:
    """A release as it was last meant to be."""

    inputs: Properties
    revision: int
    status: str
    objects: list[Object]
    """References, and `keep` of those that stay when the release goes."""
    hooks: list[Object]
    """The whole objects of its hooks before and after a deletion."""


def secret_of(release_id: str) -> Object:
    """What finds the record of a release, by the id namespace/name."""
    namespace, _, name = release_id.rpartition("/")
    return as_object("v1", "Secret", f"{namespace}/sh.helm.release.v1.{name}")


def load(server: PatientServer, release_id: str) -> ReleaseRecord | None:
    """The record, or None."""
    secret = server.get(secret_of(release_id))
    if secret is None:
        return None
    return ReleaseRecord(**json.loads(gzip.decompress(base64.b64decode(secret["data"]["release"]))))


def store(server: PatientServer, release_id: str, record: ReleaseRecord) -> None:
    """Writes the record, in place of one that is there."""
    packed = base64.b64encode(gzip.compress(json.dumps(asdict(record)).encode())).decode()
    made = {**secret_of(release_id), "type": "sandbox/release.v1", "data": {"release": packed}}
    server.apply(made, MANAGER, force=True)


def forget(server: PatientServer, release_id: str) -> None:
    """Removes the record."""
    server.delete(secret_of(release_id), "Background")
