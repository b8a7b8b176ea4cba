"""Stands in for OPA's Envoy plug-in, whose Go module cannot be had: Envoy's ext_authz over gRPC to OPA's HTTP API and back.

A program for the environment of `requirements.txt`; no part of the tests imports it. It makes the plug-in's input document and
reads its form of answer: github.com/open-policy-agent/opa-envoy-plugin v1.19.1-envoy envoyauth/{request,protomap,response}.go.
Usage: shim.py PORT DECISION_URL
"""

from __future__ import annotations

import json
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, unquote

import grpc
from envoy.config.core.v3 import base_pb2  # pyright: ignore[reportMissingImports] - of another environment
from envoy.service.auth.v3 import external_auth_pb2, external_auth_pb2_grpc  # pyright: ignore[reportMissingImports] - of another environment
from envoy.type.v3 import http_status_pb2  # pyright: ignore[reportMissingImports] - of another environment
from google.protobuf import json_format
from google.rpc import status_pb2

PERMISSION_DENIED = 7


class Authorization(external_auth_pb2_grpc.AuthorizationServicer):
    """Asks OPA; what goes wrong there becomes an error of the call, as in the plug-in."""

    def __init__(self, decision_url: str) -> None:
        self.decision_url = decision_url

    def Check(self, request: Any, context: Any) -> Any:  # noqa: N802 - the name of the remote procedure
        question = json.dumps({"input": input_of(request)}).encode()
        headers = {"Content-Type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(self.decision_url, question, headers)) as answer:  # noqa: S310
            return response_of(json.load(answer)["result"])


def input_of(request: Any) -> dict[str, Any]:
    """The plug-in's input document, with `skip-request-body-parse`."""
    document = json_format.MessageToDict(request)
    path, _, query = request.attributes.request.http.path.partition("?")
    document["version"] = {"ext_authz": "v3", "encoding": "protojson"}
    document["parsed_path"] = unquote(path).lstrip("/").split("/")
    document["parsed_query"] = parse_qs(query, keep_blank_values=True)
    return document


def response_of(decision: dict[str, Any]) -> Any:
    """What Envoy is told."""
    if decision["allowed"]:
        ok = external_auth_pb2.OkHttpResponse(headers_to_remove=decision.get("request_headers_to_remove", []))
        return external_auth_pb2.CheckResponse(status=status_pb2.Status(code=0), ok_response=ok)
    headers = [
        base_pb2.HeaderValueOption(header=base_pb2.HeaderValue(key=key, value=value))
        for key, value in decision.get("headers", {}).items()
    ]
    denied = external_auth_pb2.DeniedHttpResponse(
        status=http_status_pb2.HttpStatus(code=decision.get("http_status", 403)),
        headers=headers,
        body=decision.get("body", ""),
    )
    return external_auth_pb2.CheckResponse(status=status_pb2.Status(code=PERMISSION_DENIED), denied_response=denied)


def main() -> None:
    server = grpc.server(ThreadPoolExecutor(4))
    external_auth_pb2_grpc.add_AuthorizationServicer_to_server(Authorization(sys.argv[2]), server)
    server.add_insecure_port(f"127.0.0.1:{sys.argv[1]}")
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main()
