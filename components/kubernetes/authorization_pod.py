"""Pods of the authorization service: one container of Open Policy Agent that listens to Kourier and to nobody else. Pure.

OPA's own API, by which its data and with them the digests of API keys could be read, is on the loopback only; health and metrics
have a port of their own. Files that change under it, as the mounted secret does, are loaded anew without a restart.
Sources: openpolicyagent.org/docs/cli (opa run) and /docs/monitoring (health API), v1.19 (2026-08).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from components.kubernetes.authorization_policy import CONFIGURATION_FILE, DATA_FILE, POLICY_FILE, PORT
from components.kubernetes.controllers import replicas, resources, spread
from components.kubernetes.priority_classes import PLATFORM
from components.kubernetes.team_network import DNS_ADDRESSES, DNS_PODS, KOURIER_GATEWAY, NAMESPACE_NAME

#: Name of all objects of the service but its namespace.
NAME = "authorization"
#: Label of its pods.
SELECTED = {"app.kubernetes.io/name": NAME}
DIAGNOSTIC_PORT = 8282
#: GKE's add-on for Secret Manager.
SECRETS_DRIVER = "secrets-store-gke.csi.k8s.io"
#: Where the files lie in the container.
POLICY_FOLDER, KEYS_FOLDER, KEYS_FILE = "/policy", "/keys", "api_keys.json"
#: Any number but 0 would do; one above 10000 meets no user of the host (the image itself has 1000).
USER = 10001
#: The pod's end: endpoints forget it, then what is asked is answered.
FORGET_SECONDS, FINISH_SECONDS = 5, 10
#: By changing this annotation, changed files start pods anew.
CHECKSUM = "gemma-platform/authorization-checksum"


def make_arguments(policy: str, keys: str | None, addresses: tuple[str, str]) -> list[str]:
    """Arguments of OPA; `policy` and `keys` are folders, `addresses` those of its API and of health."""
    api, diagnostic = addresses
    return [
        "run",
        "--server",
        f"--addr={api}",
        f"--diagnostic-addr={diagnostic}",
        f"--config-file={policy}/{CONFIGURATION_FILE}",
        # at `debug` it would log what it judges
        "--log-level=error",
        "--skip-version-check",
        "--watch",
        f"--shutdown-wait-period={FORGET_SECONDS}",
        f"--shutdown-grace-period={FINISH_SECONDS}",
        f"{policy}/{POLICY_FILE}",
        f"{policy}/{DATA_FILE}",
        *([f"api_keys:{keys}/{KEYS_FILE}"] if keys else []),
    ]


def make_deployment(
    reference: str, files: Mapping[str, str], labels: dict[str, str], high_availability: bool, *, with_keys: bool
) -> dict[str, Any]:
    """Spec of the Deployment."""
    checksum = hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
    volumes: dict[str, tuple[str, dict[str, Any]]] = {"policy": (POLICY_FOLDER, {"configMap": {"name": NAME}})}
    if with_keys:
        secret = {"driver": SECRETS_DRIVER, "readOnly": True, "volumeAttributes": {"secretProviderClass": NAME}}
        volumes["keys"] = (KEYS_FOLDER, {"csi": secret})
    return {
        "replicas": replicas(high_availability),
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
        "selector": {"matchLabels": SELECTED},
        "template": {
            "metadata": {"labels": {**labels, **SELECTED}, "annotations": {CHECKSUM: checksum}},
            "spec": {
                "serviceAccountName": NAME,
                "automountServiceAccountToken": False,
                "enableServiceLinks": False,
                "priorityClassName": PLATFORM,
                "terminationGracePeriodSeconds": FORGET_SECONDS + FINISH_SECONDS + 5,
                "topologySpreadConstraints": spread(SELECTED),
                "securityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": USER,
                    "runAsGroup": USER,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "containers": [_container(reference, {name: folder for name, (folder, _) in volumes.items()})],
                "volumes": [{"name": name, **source} for name, (_, source) in volumes.items()],
            },
        },
    }


def _container(reference: str, folders: Mapping[str, str]) -> dict[str, Any]:
    addresses = ("127.0.0.1:8181", f"0.0.0.0:{DIAGNOSTIC_PORT}")
    return {
        "name": "opa",
        "image": reference,
        "args": make_arguments(folders["policy"], folders.get("keys"), addresses),
        "ports": [
            {"name": "grpc", "containerPort": PORT},
            {"name": "diagnostic", "containerPort": DIAGNOSTIC_PORT},
        ],
        "resources": resources("100m", "128Mi", "1", "512Mi"),
        "readinessProbe": {"httpGet": {"path": "/health?plugins", "port": "diagnostic"}},
        "livenessProbe": {"httpGet": {"path": "/health", "port": "diagnostic"}, "initialDelaySeconds": 5},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": name, "mountPath": folder, "readOnly": True} for name, folder in folders.items()],
    }


def make_secret_provider(project: str, secret_id: str) -> dict[str, Any]:
    """Spec of the SecretProviderClass that mounts the newest version of a secret."""
    secret = {"resourceName": f"projects/{project}/secrets/{secret_id}/versions/latest", "path": KEYS_FILE}
    # the parameter is text that holds YAML, of which JSON is a part
    return {"provider": "gke", "parameters": {"secrets": json.dumps([secret])}}


def make_network_policy(asks_identity_provider: bool) -> dict[str, Any]:
    """Spec of the namespace's NetworkPolicy: Kourier comes in; out go DNS and, for tokens, the way to the provider's keys."""
    namespace, labels = KOURIER_GATEWAY
    gateway = {
        "namespaceSelector": {"matchLabels": {NAMESPACE_NAME: namespace}},
        "podSelector": {"matchLabels": labels},
    }
    dns = [
        {
            "namespaceSelector": {"matchLabels": {NAMESPACE_NAME: "kube-system"}},
            "podSelector": {"matchExpressions": [{"key": "k8s-app", "operator": "In", "values": list(DNS_PODS)}]},
        },
        *({"ipBlock": {"cidr": address}} for address in DNS_ADDRESSES),
    ]
    # the provider may be on the internet or in a network of the organisation; the metadata server is neither
    provider = [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.0.0/16"]}}]
    return {
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": [gateway], "ports": [{"protocol": "TCP", "port": PORT}]}],
        "egress": [
            {"to": dns, "ports": [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]},
            {"to": provider, "ports": [{"protocol": "TCP", "port": 443}]},
        ]
        if asks_identity_provider
        else [],
    }
