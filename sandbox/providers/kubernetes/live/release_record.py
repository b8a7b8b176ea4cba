"""What the cluster itself remembers of a release: a Secret for a revision beside its objects, as with Helm, in a simpler form.

It holds what an upgrade and a deletion need: the inputs, references of the objects, and the hooks of a deletion. Only while a
release is being upgraded there are two, so that the one before counts again when the other is removed.
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
DEPLOYED, FAILED = "deployed", "failed"
#: Label of a record with the number of its revision.
REVISION = "version"
#: Of a release that is being installed or upgraded, and of one whose installer died meanwhile.
INSTALLING, UPGRADING = "pending-install", "pending-upgrade"


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


def load(server: PatientServer, release_id: str) -> ReleaseRecord | None:
    """The record of the newest revision, or None."""
    newest = max(_secrets(server, release_id), key=_revision, default=None)
    if newest is None:
        return None
    return ReleaseRecord(**json.loads(gzip.decompress(base64.b64decode(newest["data"]["release"]))))


def store(server: PatientServer, release_id: str, record: ReleaseRecord) -> None:
    """Writes the record of its revision, in place of one that is there; the labels are Helm's."""
    packed = base64.b64encode(gzip.compress(json.dumps(asdict(record)).encode())).decode()
    name = release_id.rpartition("/")[2]
    made = as_object("v1", "Secret", f"{_namespace(release_id)}/sh.helm.release.v1.{name}.v{record.revision}")
    labels = {"name": name, "owner": "helm", "status": record.status, REVISION: str(record.revision)}
    metadata = {**made["metadata"], "labels": labels}
    made = {**made, "metadata": metadata, "type": "sandbox/release.v1", "data": {"release": packed}}
    server.apply(made, MANAGER, force=True)


def forget(server: PatientServer, release_id: str, but: int = 0) -> None:
    """Removes the records of all revisions but one."""
    for one in _secrets(server, release_id):
        if _revision(one) != but:
            server.delete(one, "Background")


def _secrets(server: PatientServer, release_id: str) -> list[Object]:
    name = release_id.rpartition("/")[2]
    return server.list("v1", "Secret", _namespace(release_id), f"owner=helm,name={name}")


def _namespace(release_id: str) -> str:
    return release_id.rpartition("/")[0]


def _revision(secret: Object) -> int:
    return int(secret["metadata"]["labels"][REVISION])
