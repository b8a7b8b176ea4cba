"""Stands in for cert-manager's webhook: lets everything through, by HTTPS, and changes nothing.

It runs as the pod that the chart makes, with the arguments of the container and the rights of its ServiceAccount. As the real one
does, it keeps its own authority in the Secret that it is told, from where the injector brings it to the API server.
"""

from __future__ import annotations

import argparse
import json
import threading
from collections.abc import Sequence
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import kubernetes

from sandbox.cluster.api_server import ApiError, ApiServer
from sandbox.cluster.https_server import QuietHandler, make_server
from sandbox.cluster.keys import Signed, make_authority, make_certificate
from sandbox.cluster.tls_secrets import encoded, read_signed, secret_files

#: Port of the probes, unless said otherwise: the real webhook's.
HEALTH_PORT = 6080


def review(asked: dict[str, Any]) -> dict[str, Any]:
    """The answer to an AdmissionReview."""
    response = {"uid": asked["request"]["uid"], "allowed": True}
    return {"apiVersion": asked["apiVersion"], "kind": asked["kind"], "response": response}


def authority_of(api: ApiServer, namespace: str, name: str) -> Signed:
    """The authority that a Secret holds; it is made when there is no such Secret. Of several that make it one succeeds."""
    while True:
        kept = api.get("v1", "Secret", name, namespace)
        if kept is not None:
            found = read_signed(kept)
            if found is None:
                raise SystemExit(f"Secret {namespace}/{name} holds no certificate with its key: delete it")
            return found
        made = make_authority("cert-manager-webhook-ca")
        metadata = {
            "name": name,
            "namespace": namespace,
            "annotations": {"cert-manager.io/allow-direct-injection": "true"},
        }
        data = encoded(secret_files(made, made))
        try:
            api.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "data": data})
        except ApiError as error:
            if error.reason != "AlreadyExists":
                raise


class ReviewHandler(QuietHandler):
    """Says yes to every review."""

    def do_GET(self) -> None:  # noqa: N802
        """Probes."""
        self.answer(b"ok", "text/plain")

    def do_POST(self) -> None:  # noqa: N802
        """Reviews, whatever the path."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer(json.dumps(review(asked)).encode(), "application/json")


def read_arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The arguments of cert-manager's webhook (v1.21); those that mean nothing here are let be."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--secure-port", type=int, required=True)
    parser.add_argument("--healthz-port", type=int, default=HEALTH_PORT)
    parser.add_argument("--dynamic-serving-ca-secret-namespace", dest="namespace", required=True)
    parser.add_argument("--dynamic-serving-ca-secret-name", dest="secret", required=True)
    parser.add_argument("--dynamic-serving-dns-names", dest="names", action="append", required=True)
    parser.add_argument("--address", default="", help="where to listen; all addresses unless said otherwise")
    parser.add_argument("--kubeconfig", type=Path, help="the pod's own rights unless said otherwise")
    return parser.parse_known_args(given)[0]


def _api(kubeconfig: Path | None) -> ApiServer:
    if kubeconfig is not None:
        return ApiServer.of(kubeconfig)
    configuration = kubernetes.client.Configuration()
    kubernetes.config.load_incluster_config(client_configuration=configuration)
    return ApiServer(kubernetes.client.ApiClient(configuration))


def main() -> None:
    """Runs until it is ended."""
    arguments = read_arguments()
    names = tuple(name for several in arguments.names for name in several.split(","))
    authority = authority_of(_api(arguments.kubeconfig), arguments.namespace, arguments.secret)
    server = make_server(
        arguments.address, arguments.secure_port, make_certificate(authority, names[-1], names), ReviewHandler
    )
    health = ThreadingHTTPServer((arguments.address, arguments.healthz_port), ReviewHandler)
    threading.Thread(target=health.serve_forever, daemon=True).start()
    print(f"answers on port {arguments.secure_port} for {', '.join(names)}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
