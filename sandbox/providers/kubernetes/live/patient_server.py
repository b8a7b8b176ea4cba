"""`PatientServer`: an API server asked as the real provider asks one: again after what passes, and until things are done."""

from __future__ import annotations

import builtins
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sandbox.cluster.api_server import ApiError, ApiServer, NoSuchKindError, Object, UnreachableError
from sandbox.providers.cloud import CloudError
from sandbox.providers.kubernetes.live.readiness import Live, verdict

Answer = TypeVar("Answer")
#: Seconds between two looks, and before each further attempt.
LOOK_SECONDS = 0.3
PAUSES = (1.0, 2.0, 4.0, 8.0)
#: Statuses that pass: too many requests, a webhook that is only starting, a server that is, and one that was too busy.
PASSING = (429, 500, 503, 504)
SLICES = ("discovery.k8s.io/v1", "EndpointSlice")


class NotReadyError(Exception):
    """Something did not become ready, or did not go, in time; the text says what was awaited and what was seen last."""


@contextmanager
def refusals() -> Iterator[None]:
    """What the server answers, or that it does not, as the engine is told."""
    try:
        yield
    except UnreachableError as error:
        raise CloudError(f"the cluster does not answer (is it running?): {error}") from None
    except (ApiError, NotReadyError) as error:
        raise CloudError(str(error)) from None


def named(made: Live) -> str:
    """An object in words."""
    metadata = made["metadata"]
    place = f"{metadata['namespace']}/" if metadata.get("namespace") else ""
    return f"{made['kind']} {place}{metadata.get('name')}"


@dataclass(frozen=True)
class PatientServer:
    """A server, and the word that ends all waiting."""

    server: ApiServer
    cancelled: threading.Event = field(default_factory=threading.Event)

    def namespaced(self, api_version: str, kind: str) -> bool:
        """Raises NoSuchKindError."""
        return self._asked(lambda: self.server.kind(api_version, kind), UnreachableError).namespaced

    def get(self, made: Live) -> Object | None:
        """The object as it is now; None when it or its kind is gone."""
        metadata = made["metadata"]
        try:
            place = metadata.get("namespace") or "default"
            found = self._asked(
                lambda: self.server.get(made["apiVersion"], made["kind"], metadata["name"], place), UnreachableError
            )
        except NoSuchKindError:
            return None
        return None if found is None else {"apiVersion": made["apiVersion"], "kind": made["kind"], **found}

    def list(self, api_version: str, kind: str, namespace: str, labels: str) -> builtins.list[Object]:
        """The objects of a kind in a namespace that have the labels."""
        return self._asked(lambda: self.server.list(api_version, kind, namespace, labels), UnreachableError)

    def apply(self, made: Object, manager: str, *, force: bool, dry_run: bool = False) -> Object:
        """Server-side apply. Raises ApiError, with the API's own message for a field that others own.

        A dry run is not repeated: a preview shows what the server says now.
        """
        if dry_run:
            return self.server.apply(made, manager, force=force, dry_run=True)
        return self._asked(lambda: self.server.apply(made, manager, force=force))

    def create(self, made: Object) -> Object:
        """Creates an object whose name the server chooses."""
        return self._asked(lambda: self.server.create(made))

    def wait_ready(self, made: Live, until: float) -> Object:
        """The object once it is ready, by its kind's rule. Raises NotReadyError at the time `until`, or when it is in vain."""
        while True:
            live = self.get(made)
            if live is None:
                raise NotReadyError(f"{named(made)} was removed while its readiness was awaited")
            found = verdict(live, self._slices)
            if found.ready:
                return live
            if found.hopeless:
                raise NotReadyError(f"{named(made)} has failed: {found.status}")
            self._pause(until, f"{named(made)} was created or changed but did not become ready: {found.status}")

    def delete(self, made: Live, propagation: str) -> None:
        """Asks for the object's removal; what is gone, with its kind or without, is no error."""
        try:
            self._asked(lambda: self.server.delete(dict(made), propagation=propagation))
        except NoSuchKindError:
            return

    def wait_gone(self, made: Live, until: float, uid: str | None = None) -> None:
        """Returns once the object is gone, or another has its name. Raises NotReadyError with the finalizers that hold it."""
        while (live := self.get(made)) is not None and uid in (None, live["metadata"]["uid"]):
            holding = ", ".join(live["metadata"].get("finalizers") or []) or "none"
            self._pause(until, f"{named(made)} is still there; its finalizers: {holding}")

    def _slices(self, service: Live) -> builtins.list[Object]:
        metadata = service["metadata"]
        return self.list(*SLICES, metadata["namespace"], f"kubernetes.io/service-name={metadata['name']}")

    def _pause(self, until: float, status: str) -> None:
        if time.monotonic() >= until:
            raise NotReadyError(f"timed out: {status}")
        if self.cancelled.wait(LOOK_SECONDS):
            raise NotReadyError(f"cancelled: {status}")

    def _asked(self, ask: Callable[[], Answer], *also: type[Exception]) -> Answer:
        """The answer. Asks again after a status that passes, and after the given errors."""
        for pause in PAUSES:
            try:
                return ask()
            except Exception as error:
                passing = isinstance(error, ApiError) and error.status in PASSING
                if not (passing or isinstance(error, also)) or self.cancelled.wait(pause):
                    raise
        return ask()


def patience(granted: float, default: float) -> float:
    """The time at which waiting ends."""
    return time.monotonic() + (granted or default)


def as_object(api_version: str, kind: str, object_id: str) -> Object:
    """What is needed to ask for an object, by the provider's id of it: name, or namespace/name."""
    namespace, _, name = object_id.rpartition("/")
    metadata: dict[str, Any] = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}
