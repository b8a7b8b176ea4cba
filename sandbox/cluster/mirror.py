"""`Mirror`: objects of some kinds, kept current by watching, for the small controllers of the sandbox."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sandbox.cluster.api_server import ApiError, ApiServer, Object, UnreachableError

#: Length of one watch, and the wait after a failure: a kind that is not there yet, or a server that has gone.
WATCH_SECONDS = 300
RETRY_SECONDS = 1.0
#: (namespace, name); the namespace of what has none is an empty text.
Key = tuple[str, str]


def key_of(made: Object) -> Key:
    """Where an object is among those of its kind."""
    return made["metadata"].get("namespace", ""), made["metadata"]["name"]


class Mirror:
    """The objects of kinds, as pairs of apiVersion and kind. Kinds that the server lacks are empty until it has them."""

    def __init__(self, api: ApiServer, kinds: Sequence[tuple[str, str]]) -> None:
        self.api = api
        self._held: dict[tuple[str, str], dict[Key, Object]] = {kind: {} for kind in kinds}
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._seen = {kind: threading.Event() for kind in kinds}
        for kind in kinds:
            threading.Thread(target=self._follow, args=kind, daemon=True, name=f"watch {kind[1]}").start()

    def all(self, api_version: str, kind: str) -> list[Object]:
        """The objects of a kind as last seen; not to be changed."""
        with self._lock:
            return list(self._held[api_version, kind].values())

    def get(self, api_version: str, kind: str, key: Key) -> Object | None:
        """One of them."""
        with self._lock:
            return self._held[api_version, kind].get(key)

    def wait_filled(self, api_version: str, kind: str) -> None:
        """Returns once the objects of a kind have been listed for the first time."""
        self._seen[api_version, kind].wait()

    def loop(self, reconcile: Callable[[], Any], seconds: float) -> None:
        """Calls `reconcile` after each change, and at least every so many seconds, for ever.

        What it raises for want of the server, or for an object that has changed meanwhile, is told and tried again.
        """
        while True:
            self._changed.wait(seconds)
            self._changed.clear()
            try:
                reconcile()
            except (ApiError, UnreachableError) as error:
                print(f"again in {RETRY_SECONDS} s: {error}", flush=True)
                time.sleep(RETRY_SECONDS)
                self._changed.set()

    def _follow(self, api_version: str, kind: str) -> None:
        while True:
            try:
                objects, version = self.api.list_with_version(api_version, kind)
                with self._lock:
                    self._held[api_version, kind] = {key_of(one): one for one in objects}
                self._seen[api_version, kind].set()
                self._changed.set()
                while True:
                    for event, made in self.api.watch(api_version, kind, WATCH_SECONDS, version):
                        version = made["metadata"]["resourceVersion"]
                        self._note(api_version, kind, event, made)
            except (ApiError, UnreachableError):
                time.sleep(RETRY_SECONDS)

    def _note(self, api_version: str, kind: str, event: str, made: Object) -> None:
        with self._lock:
            held = self._held[api_version, kind]
            if event == "DELETED":
                held.pop(key_of(made), None)
            else:
                held[key_of(made)] = made
        self._changed.set()


def for_each(objects: Iterable[Object], act: Callable[[Object], Any]) -> None:
    """Does something about each object; raises the first ApiError at the end, so that one bad object stops no other."""
    errors = []
    for made in objects:
        try:
            act(made)
        except ApiError as error:
            errors.append(error)
    if errors:
        raise errors[0]
