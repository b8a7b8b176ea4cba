"""The cluster's own processes: their command lines, and when each counts as started."""

from __future__ import annotations

import socket
import ssl
import sys
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.cluster.api_server import ApiServer
from sandbox.cluster.layout import ClusterLayout
from sandbox.cluster.network import API_PORT, HOST, KWOK_NETWORK, SERVICE_NETWORK
from sandbox.cluster.node_objects import KWOK_ANNOTATION
from sandbox.cluster.programs import program

ETCD_PORT, ETCD_PEER_PORT = 2379, 2380
CONTROLLER_PORT, SCHEDULER_PORT = 10257, 10259
#: Programs of the sandbox's own that act in the cluster, by their module.
STAND_INS = ("kubelet", "node_pools", "certificates", "ingresses", "registry")


@dataclass(frozen=True, slots=True)
class Component:
    """One process. `ready` is asked until it says True."""

    name: str
    command: tuple[str, ...]
    ready: Callable[[], bool]


def before_api_server(layout: ClusterLayout) -> list[Component]:
    """etcd and the API server."""
    return [
        Component("etcd", _etcd(layout), lambda: _listens("127.0.0.1", ETCD_PORT)),
        Component("kube-apiserver", _api_server(layout), lambda: ApiServer.of(layout.inside_kubeconfig).ready()),
    ]


def after_api_server(layout: ClusterLayout, descriptor: int) -> list[Component]:
    """What speaks to the API server; `descriptor` is the open socket by which this machine reaches it."""
    python = (sys.executable, "-P", "-m")
    return [
        Component("forwarder", (*python, "sandbox.cluster.forwarder", str(descriptor)), _at_once),
        Component("kube-controller-manager", _controllers(layout), lambda: _healthy(CONTROLLER_PORT)),
        Component("kube-scheduler", _scheduler(layout), lambda: _healthy(SCHEDULER_PORT)),
        Component("kwok", _kwok(layout), _at_once),
        *(
            Component(name, (*python, f"sandbox.cluster.{name}", "--folder", str(layout.folder)), _at_once)
            for name in STAND_INS
        ),
    ]


def _etcd(layout: ClusterLayout) -> tuple[str, ...]:
    clients, peers = f"http://127.0.0.1:{ETCD_PORT}", f"http://127.0.0.1:{ETCD_PEER_PORT}"
    return (
        str(program("etcd")),
        f"--data-dir={layout.folder / 'etcd'}",
        f"--listen-client-urls={clients}",
        f"--advertise-client-urls={clients}",
        f"--listen-peer-urls={peers}",
        "--unsafe-no-fsync",  # a sandbox may lose its last second when the machine does
        "--log-level=warn",
    )


def _api_server(layout: ClusterLayout) -> tuple[str, ...]:
    keys = layout.keys
    return (
        str(program("kube-apiserver")),
        f"--etcd-servers=http://127.0.0.1:{ETCD_PORT}",
        f"--secure-port={API_PORT}",
        f"--advertise-address={HOST}",
        f"--tls-cert-file={keys / 'server.crt'}",
        f"--tls-private-key-file={keys / 'server.key'}",
        f"--service-cluster-ip-range={SERVICE_NETWORK}",
        "--authorization-mode=RBAC",
        f"--token-auth-file={keys / 'tokens.csv'}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={keys / 'accounts.pub'}",
        f"--service-account-signing-key-file={keys / 'accounts.key'}",
        # webhooks and extensions of the API are called at their pods, as there is no proxy for Services
        "--enable-aggregator-routing=true",
        # as on GKE: a pod that asks for GPUs bears their taint
        "--enable-admission-plugins=ExtendedResourceToleration",
        "--allow-privileged=true",
        f"--requestheader-client-ca-file={keys / 'front-proxy-ca.crt'}",
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        f"--proxy-client-cert-file={keys / 'front-proxy-client.crt'}",
        f"--proxy-client-key-file={keys / 'front-proxy-client.key'}",
    )


def _as_user(layout: ClusterLayout, user: str, port: int) -> tuple[str, ...]:
    """Flags of a part of the control plane: as whom it asks the API server, and where it says how it is."""
    kubeconfig = layout.keys / f"{user}.kubeconfig"
    return (
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        "--leader-elect=false",
        f"--secure-port={port}",
        f"--cert-dir={layout.keys / user}",
    )


def _controllers(layout: ClusterLayout) -> tuple[str, ...]:
    return (
        str(program("kube-controller-manager")),
        *_as_user(layout, "controller-manager", CONTROLLER_PORT),
        f"--service-account-private-key-file={layout.keys / 'accounts.key'}",
        f"--root-ca-file={layout.keys / 'ca.crt'}",
        "--use-service-account-credentials=true",
        "--controllers=*",
        # as often as it can; 20 and 30 by itself, which all of its controllers share
        "--kube-api-qps=200",
        "--kube-api-burst=400",
    )


def _scheduler(layout: ClusterLayout) -> tuple[str, ...]:
    return (str(program("kube-scheduler")), *_as_user(layout, "scheduler", SCHEDULER_PORT))


def _kwok(layout: ClusterLayout) -> tuple[str, ...]:
    ((key, value),) = KWOK_ANNOTATION.items()
    return (
        str(program("kwok")),
        f"--kubeconfig={layout.inside_kubeconfig}",
        "--enable-crds=Stage",
        f"--manage-nodes-with-annotation-selector={key}={value}",
        "--node-lease-duration-seconds=40",
        f"--cidr={KWOK_NETWORK}",
    )


def _at_once() -> bool:
    return True


def _listens(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def _healthy(port: int) -> bool:
    # the certificate is one that the program made for itself
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    try:
        with urllib.request.urlopen(f"https://127.0.0.1:{port}/healthz", timeout=1, context=trusting) as answer:
            return answer.status == 200
    except OSError:
        return False
