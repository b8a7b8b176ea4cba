"""Where the values of a pod come from: the API server, asked in the kubelet's name."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from sandbox.cluster.api_server import ApiServer, Object

#: How long a token is good, and when it is replaced.
TOKEN_SECONDS = 24 * 3600
RENEW_SECONDS = TOKEN_SECONDS / 2


@dataclass
class PodSources:
    """`pod_spec.Sources` of one pod."""

    api: ApiServer
    pod: Object
    _tokens: dict[str | None, tuple[float, str]] = field(default_factory=dict)

    def find(self, kind: str, name: str) -> Object | None:
        """A ConfigMap or Secret of the pod's namespace, as it is now."""
        return self.api.get("v1", kind, name, self.pod["metadata"]["namespace"])

    def token(self, audience: str | None) -> str:
        """A token of the pod's service account, which ends with the pod. Raises ApiError, as for an account that is missing."""
        asked, known = self._tokens.get(audience, (0.0, ""))
        if not known or time.monotonic() - asked > RENEW_SECONDS:
            known = self._ask(audience)
            self._tokens[audience] = time.monotonic(), known
        return known

    def _ask(self, audience: str | None) -> str:
        metadata = self.pod["metadata"]
        path = self.api.kind("v1", "ServiceAccount").path(
            metadata["namespace"], self.pod["spec"].get("serviceAccountName", "default"), "token"
        )
        wanted = {
            "expirationSeconds": TOKEN_SECONDS,
            "boundObjectRef": {"apiVersion": "v1", "kind": "Pod", "name": metadata["name"], "uid": metadata["uid"]},
            **({"audiences": [audience]} if audience else {}),
        }
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": wanted}
        return self.api.request("POST", path, body=body)["status"]["token"]
