"""How the load balancer in front of Kourier checks its health, waits for answers, logs, and speaks TLS: GKE's policies. Pure.

Kourier answers for its health on the port for requests from inside the cluster only, under a host name of its own; on the port
that it serves from, that name is not known and the answer would be 404.
Sources: GoogleCloudPlatform/gke-gateway-api apis/networking/v1 (2026-04-29), knative-extensions/net-kourier v0.50.0
pkg/generator/{caches,status_vhost}.go and kourier.yaml of Knative 1.23 (2026-07).
"""

from __future__ import annotations

from typing import Any

API_VERSION = "networking.gke.io/v1"
HEALTH_CHECK_POLICY, BACKEND_POLICY, GATEWAY_POLICY = "HealthCheckPolicy", "GCPBackendPolicy", "GCPGatewayPolicy"
#: Service of Kourier's gateway for requests from outside the cluster, and its port.
KOURIER_SERVICE, KOURIER_PORT = "kourier", 80
#: Where Kourier's gateway answers for its health: `health_check_ports` of Network.
HEALTH_PORT, HEALTH_HOST, HEALTH_PATH = 8081, "internalkourier", "/ready"
#: Seconds between two checks, and for one; a pod is out after three that fail, as with Kourier's own readiness probe.
CHECK_SECONDS, CHECK_TIMEOUT_SECONDS, FAILURES = 5, 3, 3
#: All requests, of a million: each holds a GPU for seconds, so that a line for each is little.
LOGGED_PER_MILLION = 1_000_000
#: Longest time that Google lets a backend finish what it has begun, and longest answer.
LONGEST_DRAIN_SECONDS, LONGEST_TIMEOUT_SECONDS = 3600, 2**31 - 1


def health_check_spec() -> dict[str, Any]:
    """Spec of the HealthCheckPolicy."""
    return {
        "targetRef": _kourier(),
        "default": {
            "checkIntervalSec": CHECK_SECONDS,
            "timeoutSec": CHECK_TIMEOUT_SECONDS,
            "healthyThreshold": 1,
            "unhealthyThreshold": FAILURES,
            "config": {
                "type": "HTTP",
                "httpHealthCheck": {
                    "portSpecification": "USE_FIXED_PORT",
                    "port": HEALTH_PORT,
                    "host": HEALTH_HOST,
                    "requestPath": HEALTH_PATH,
                },
            },
        },
    }


def backend_spec(timeout_seconds: int, security_policy: str | None) -> dict[str, Any]:
    """Spec of the GCPBackendPolicy. Raises ValueError for a time that Google does not take."""
    if not 1 <= timeout_seconds <= LONGEST_TIMEOUT_SECONDS:
        raise ValueError(f"backend_timeout_seconds is {timeout_seconds}; allowed: 1 to {LONGEST_TIMEOUT_SECONDS}")
    return {
        "targetRef": _kourier(),
        "default": {
            "timeoutSec": timeout_seconds,
            "connectionDraining": {"drainingTimeoutSec": min(timeout_seconds, LONGEST_DRAIN_SECONDS)},
            # lines name address, host and path, and no header
            "logging": {"enabled": True, "sampleRate": LOGGED_PER_MILLION},
            **({"securityPolicy": security_policy} if security_policy else {}),
        },
    }


def gateway_spec(gateway: str, ssl_policy: str) -> dict[str, Any]:
    """Spec of the GCPGatewayPolicy."""
    target = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": gateway}
    return {"targetRef": target, "default": {"sslPolicy": ssl_policy}}


def _kourier() -> dict[str, str]:
    return {"group": "", "kind": "Service", "name": KOURIER_SERVICE}
