"""`Installer`: brings a chart's objects into the cluster and out of it, as Helm does: in order, with its marks and hooks."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sandbox.cluster.api_server import ApiError, NoSuchKindError, Object
from sandbox.providers.cloud import CloudError
from sandbox.providers.kubernetes.live.helm_objects import (
    completed,
    deleted_when,
    foreign,
    hooks_at,
    hooks_of,
    in_order,
    reference,
)
from sandbox.providers.kubernetes.live.patient_server import NotReadyError, PatientServer
from sandbox.providers.kubernetes.live.release_record import MANAGER

DEFINITION = "CustomResourceDefinition"
#: Kinds that Helm's `--wait` looks at.
AWAITED = ("Deployment", "StatefulSet", "DaemonSet", "Pod", DEFINITION)
#: Objects of one kind that are sent at once.
AT_ONCE = 8
#: Seconds in which the server offers a kind after its definition is established.
KIND_SECONDS = 10.0


@dataclass(frozen=True)
class Installer:
    """The objects of one release; waiting ends at the time `until`."""

    server: PatientServer
    name: str
    namespace: str
    until: float
    wait_for_jobs: bool = False

    def put(self, rendered: Iterable[Object], *, wait: bool) -> Iterator[Object]:
        """References of the objects, each when it is about to be applied; definitions first, so that the server has their kinds.

        Raises CloudError for one that belongs to somebody else, before any of its kind is touched, and NotReadyError.
        """
        own = [made for made in rendered if not hooks_of(made)]
        definitions = [made for made in own if made["kind"] == DEFINITION]
        applied: list[Object] = []
        for part in (definitions, [made for made in own if made["kind"] != DEFINITION]):
            for group in in_order(self._complete(made) for made in part):
                self._check_own(group)
                yield from map(reference, group)
                applied += self._each(group)
            for made in applied if part is definitions else ():
                self.server.wait_ready(made, self.until)
        if wait:
            awaited = (*AWAITED, *(("Job",) if self.wait_for_jobs else ()))
            for made in applied:
                if made["kind"] in awaited:
                    self.server.wait_ready(made, self.until)

    def run_hooks(self, rendered: Sequence[Object], moment: str) -> None:
        """Applies the hooks of a moment one after the other, each to its end. Raises NotReadyError when one fails."""
        hooks = hooks_at(rendered, moment)
        for hook in hooks:
            made, when = self._complete(hook), deleted_when(hook)
            if "before-hook-creation" in when:
                self.remove([made])
            try:
                applied = self.server.apply(made, MANAGER, force=True)
                if made["kind"] in ("Job", "Pod"):
                    self.server.wait_ready(applied, self.until)
            except (ApiError, NotReadyError) as error:
                if "hook-failed" in when:
                    self.remove([made])
                raise CloudError(f"{moment} hooks failed: {error}") from None
        # only when all have: a Job may need the ServiceAccount that is a hook before it
        self.remove(self._complete(hook) for hook in hooks if "hook-succeeded" in deleted_when(hook))

    def remove(self, references: Iterable[Object]) -> None:
        """Deletes objects against the order of an installation and waits until they are gone."""
        for group in reversed(in_order(references)):
            there = [live for one in group if (live := self.server.get(one)) is not None]
            for live in there:
                self.server.delete(live, "Background")
            for live in there:
                self.server.wait_gone(live, self.until, live["metadata"]["uid"])

    def _each(self, group: Sequence[Object]) -> list[Object]:
        with ThreadPoolExecutor(AT_ONCE) as threads:
            return list(threads.map(lambda made: self.server.apply(made, MANAGER, force=True), group))

    def _check_own(self, group: Sequence[Object]) -> None:
        with ThreadPoolExecutor(AT_ONCE) as threads:
            for live in threads.map(self.server.get, group):
                reason = foreign(live, self.name, self.namespace) if live is not None else None
                if reason is not None:
                    raise CloudError(f"Unable to continue with install or upgrade: {reason}")

    def _complete(self, made: Object) -> Object:
        return completed(made, self.name, self.namespace, self._is_namespaced)

    def _is_namespaced(self, api_version: str, kind: str) -> bool:
        """Raises CloudError with Helm's words for a kind that the server does not have."""
        limit = min(self.until, time.monotonic() + KIND_SECONDS)
        while True:
            try:
                return self.server.namespaced(api_version, kind)
            except NoSuchKindError as error:
                if time.monotonic() >= limit or self.server.cancelled.wait(1.0):
                    raise CloudError(
                        "unable to build kubernetes objects from release manifest: resource mapping not found: "
                        f"{error}\nensure CRDs are installed first"
                    ) from None
