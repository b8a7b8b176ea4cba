"""A server in memory with as much of `ApiServer` as the live stand-in uses; objects are ready unless a test says otherwise."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any, cast

from sandbox.cluster.api_server import ApiServer, Kind, NoSuchKindError, Object
from sandbox.providers.kubernetes.object_rules import CLUSTER_SCOPED

CUSTOM = ("Widget",)


@dataclass
class FakeServer:
    """Objects by kind, namespace and name, and all that was asked for, in order."""

    objects: dict[tuple[str, str, str], Object] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    refusals: dict[str, BaseException] = field(default_factory=dict)
    """What is said, once, to the application of an object of that name."""
    statuses: dict[str, Any] = field(default_factory=dict)
    """Status of the objects of a kind."""

    def as_server(self) -> ApiServer:
        return cast(ApiServer, self)

    def names(self, kind: str) -> list[str]:
        return sorted(name for held, _, name in self.objects if held == kind)

    def kind(self, api_version: str, kind: str) -> Kind:
        definitions = [
            one["spec"]["names"]["kind"] for (held, _, _), one in self.objects.items() if held.startswith("Cus")
        ]
        if kind in CUSTOM and kind not in definitions:
            raise NoSuchKindError(api_version, kind)
        return Kind(api_version, kind, kind.lower(), kind not in CLUSTER_SCOPED)

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> Object | None:
        self.kind(api_version, kind)
        found = self.objects.get((kind, "" if kind in CLUSTER_SCOPED else namespace or "default", name))
        return copy.deepcopy(found)

    def apply(self, made: Object, manager: str, *, force: bool = True, dry_run: bool = False) -> Object:
        self.kind(made["apiVersion"], made["kind"])
        name = made["metadata"]["name"]
        if name in self.refusals:
            raise self.refusals.pop(name)
        applied = copy.deepcopy(made)
        key = self._key(applied)
        applied["metadata"] |= {"uid": "/".join(key), "generation": 1} | ({"namespace": key[1]} if key[1] else {})
        applied["status"] = {"observedGeneration": 1, **self.statuses.get(made["kind"], {})}
        if not dry_run:
            self.asked.append(f"apply {made['kind']} {name}")
            self.objects[key] = applied
        return copy.deepcopy(applied)

    def delete(self, made: Object, *, propagation: str = "Background", grace: int | None = None) -> None:
        self.kind(made["apiVersion"], made["kind"])
        self.asked.append(f"delete {made['kind']} {made['metadata']['name']} {propagation}")
        held = self.objects.get(self._key(made))
        if held is not None and not held["metadata"].get("finalizers"):
            del self.objects[self._key(made)]

    def list(self, api_version: str, kind: str, namespace: str | None = None, labels: str = "") -> list[Object]:
        wanted = [pair.split("=") for pair in labels.split(",") if pair]
        return [
            copy.deepcopy(one)
            for (held, place, _), one in self.objects.items()
            if (held, place) == (kind, namespace)
            and all((one["metadata"].get("labels") or {}).get(key) == value for key, value in wanted)
        ]

    def _key(self, made: Object) -> tuple[str, str, str]:
        metadata = made["metadata"]
        return (
            made["kind"],
            "" if made["kind"] in CLUSTER_SCOPED else metadata.get("namespace") or "default",
            metadata["name"],
        )
