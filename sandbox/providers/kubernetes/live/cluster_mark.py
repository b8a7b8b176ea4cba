"""Which Google cluster the real cluster stands for: the first that a program reaches it as. It is noted in the cluster itself."""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.providers.cloud import CloudError
from sandbox.providers.kubernetes.live.patient_server import PatientServer

MARK = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "sandbox-google-cluster", "namespace": "kube-system"},
}
MANAGER = "sandbox"


@dataclass
class ClusterMark:
    """The note, as this process has seen it."""

    server: PatientServer
    noted: str | None = field(default=None)

    def check(self, key: str) -> None:
        """Raises CloudError when the cluster stands for another Google cluster than the one of that key."""
        if self.noted is None:
            found = self.server.get(MARK)
            self.noted = found["data"]["key"] if found else None
        if self.noted not in (None, key):
            raise CloudError(
                f"the local cluster stands for another Google cluster ({self.noted}) than this provider reaches ({key}): "
                "one local cluster holds what one Google cluster holds. Remove it and start an empty one "
                "(`make cluster-down`, `make cluster`)"
            )

    def note(self, key: str) -> None:
        """From now on the cluster stands for that one. Raises CloudError as `check` does."""
        self.check(key)
        if self.noted is None:
            self.server.apply({**MARK, "data": {"key": key}}, MANAGER, force=True)
            self.noted = key
