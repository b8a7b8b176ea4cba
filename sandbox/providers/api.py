"""What a stand-in for one API must be able to say; the servicer turns it into the engine's protocol."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from sandbox.providers.cloud import CloudError

Failure = tuple[str, str]
Properties = dict[str, Any]

#: Seconds that the program grants the operation that this thread carries out (`customTimeouts`); 0 where it says nothing.
GRANTED_SECONDS: ContextVar[float] = ContextVar("GRANTED_SECONDS", default=0.0)


class UnfinishedError(CloudError):
    """The resource is there, but not ready. The state keeps it with this reason, and the next update goes on with it."""

    def __init__(self, resource_id: str, outputs: Properties, reason: str) -> None:
        super().__init__(reason)
        self.resource_id = resource_id
        self.outputs = outputs


@dataclass(frozen=True, slots=True)
class Replacement:
    """Which inputs of a resource cannot be changed in place, and whether the old one must go first (it holds the name)."""

    paths: Sequence[str]
    delete_first: bool


class Api(Protocol):
    """One API. Inputs and outputs carry the provider's own (camelCase) names; unknown values are the SDK's UNKNOWN."""

    def configure(self, variables: Mapping[str, str]) -> None:
        """Takes the provider's configuration."""

    def moved(self, old: Properties, config: Properties) -> list[str]:
        """The properties of a changed configuration with which the provider reaches other resources than before.

        The engine then replaces the provider, and with it everything that was made through it.
        """
        ...

    def check(self, token: str, name: str, inputs: Properties, old: Properties, seed: bytes) -> list[Failure]:
        """Fills in what the real provider fills in (names) and returns (path, reason) of what it refuses."""
        ...

    def replacement(self, token: str, old: Properties, inputs: Properties) -> Replacement:
        """What forces a replacement of a resource of that type, and how it is done for these inputs."""
        ...

    def preview(self, token: str, inputs: Properties) -> Properties:
        """Outputs as a preview knows them: the inputs, and UNKNOWN for what the API computes."""
        ...

    def create(self, token: str, inputs: Properties) -> tuple[str, Properties]:
        """Creates; returns (id, outputs). Raises CloudError with the real API's refusal."""
        ...

    def update(self, token: str, resource_id: str, inputs: Properties, old: Properties) -> Properties:
        """Changes in place; returns the outputs."""
        ...

    def read(self, token: str, resource_id: str) -> tuple[Properties, Properties] | None:
        """(inputs, outputs) of what exists, or None."""
        ...

    def delete(self, token: str, resource_id: str) -> None:
        """Deletes. Raises CloudError where the real API or provider protects it."""

    def invoke(self, token: str, arguments: Properties) -> Properties:
        """Answers a function. Raises CloudError for one that has no answer."""
        ...


@runtime_checkable
class ServedApi(Api, Protocol):
    """An API behind which a real server stands: it has a say in previews, changes what it is given, and takes its time."""

    cancelled: threading.Event
    """Set when the engine wants all operations to end."""

    def compared(
        self, token: str, old: Properties, outputs: Properties, inputs: Properties
    ) -> tuple[Properties, Properties]:
        """What a diff compares: what the server made of the old inputs, as last seen, and the new inputs."""
        ...

    def try_update(self, token: str, resource_id: str, inputs: Properties) -> None:
        """Asks the server, without a change, what it says of an update. Raises CloudError with its refusal."""

    def refreshed(self, token: str, resource_id: str, inputs: Properties) -> tuple[Properties, Properties] | None:
        """`read` for a resource whose inputs are known: (those fields as they are now, outputs), or None."""
        ...
