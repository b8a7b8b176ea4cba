"""The link from a Google cluster to its Kubernetes API: the DNS endpoint, which the kubeconfig names as the server."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from sandbox.providers.cloud import Cloud

SERVER = re.compile(r"\bserver\b\W+https://([^\s\"']+)")


def cluster_of_kubeconfig(kubeconfig: str) -> str:
    """The key of the cluster that a kubeconfig reaches; one that names no server stands for a cluster of its own."""
    server = SERVER.search(kubeconfig)
    return cluster_of_endpoint(server[1]) if server else _key(kubeconfig)


def cluster_of_endpoint(endpoint: str) -> str:
    """The key of the cluster behind an endpoint."""
    return _key(endpoint)


def folder_of(cluster: str, token: str) -> str:
    """The kind under which the cloud keeps the objects of a type in a cluster."""
    return f"kubernetes_{cluster}_{token.partition(':')[2]}".replace("/", "_").replace(":", "_")


def folders(cloud: Cloud, cluster: str) -> Iterator[str]:
    """All kinds under which the cloud keeps objects of a cluster."""
    yield from (folder.name for folder in sorted(cloud.folder.glob(f"kubernetes_{cluster}_*")))


def _key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:10]
