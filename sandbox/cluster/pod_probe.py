"""Asks a pod whether it is ready, from where a kubelet would."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

#: Wait between questions until the first yes, and after it where the probe names none; longest wait for an answer.
FIRST_SECONDS, PERIOD_SECONDS, ANSWER_SECONDS = 0.5, 10, 1
#: Questions after which a container without a probe is ready, whatever they find.
UNASKED = 2
#: Programs of Knative answer a kubelet otherwise than others.
USER_AGENT = "kube-probe/1.35"


class Prober:
    """Asks until it is stopped, in a thread of its own."""

    def __init__(self, container: Mapping[str, Any], address: str) -> None:
        self.ready = False
        self._stopped = threading.Event()
        self._probe: Mapping[str, Any] = container.get("readinessProbe") or {}
        self._ports: Sequence[Mapping[str, Any]] = list(container.get("ports", ()))
        self._address = address
        threading.Thread(target=self._ask, daemon=True, name=f"probe {address}").start()

    def stop(self) -> None:
        """No more questions; one that is open may still end."""
        self._stopped.set()

    def _ask(self) -> None:
        failures, questions = 0, 0
        # a program needs a moment before it says anything of use; the probe's own longer wait is for slow machines
        while not self._stopped.wait(self._wait(failures)):
            questions += 1
            # as with any kubelet a program that names no probe counts as ready, here once it had time to listen
            passed = passes(self._probe, self._ports, self._address) or (not self._probe and questions >= UNASKED)
            failures = 0 if passed else failures + 1
            if passed or failures >= self._probe.get("failureThreshold", 3):
                self.ready = passed

    def _wait(self, failures: int) -> float:
        return self._probe.get("periodSeconds", PERIOD_SECONDS) if self.ready and not failures else FIRST_SECONDS


def passes(probe: Mapping[str, Any], ports: Sequence[Mapping[str, Any]], address: str) -> bool:
    """True when the probe passes. Without one, when the container's first port takes connections, or has none.

    A command would have to run in the pod: it passes.
    """
    seconds = probe.get("timeoutSeconds", ANSWER_SECONDS)
    if "httpGet" in probe:
        return _http(probe["httpGet"], ports, address, seconds)
    for kind in ("tcpSocket", "grpc"):
        if kind in probe:
            return _connects(address, _port(probe[kind]["port"], ports), seconds)
    return "exec" in probe or not ports or any(_connects(address, one["containerPort"], seconds) for one in ports)


def _http(wanted: Mapping[str, Any], ports: Sequence[Mapping[str, Any]], address: str, seconds: float) -> bool:
    host, port = wanted.get("host", address), _port(wanted["port"], ports)
    headers = {"User-Agent": USER_AGENT, **{one["name"]: one["value"] for one in wanted.get("httpHeaders", ())}}
    if wanted.get("scheme", "HTTP").upper() == "HTTPS":
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            host, port, timeout=seconds, context=_trusting()
        )
    else:
        connection = http.client.HTTPConnection(host, port, timeout=seconds)
    try:
        connection.request("GET", wanted.get("path") or "/", headers=headers)
        return 200 <= connection.getresponse().status < 400
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@cache
def _trusting() -> ssl.SSLContext:
    """A kubelet does not look at the certificate either; made once, as it costs more than a question."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _connects(address: str, port: int, seconds: float) -> bool:
    try:
        with socket.create_connection((address, port), timeout=seconds):
            return True
    except OSError:
        return False


def _port(wanted: int | str, ports: Sequence[Mapping[str, Any]]) -> int:
    if isinstance(wanted, int):
        return wanted
    # a name that no port bears is one where nobody listens
    return next((one["containerPort"] for one in ports if one.get("name") == wanted), 0)
