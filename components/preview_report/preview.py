"""A preview as plain data: its steps, what policies and program said, and the outputs that the stack would have. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: The engine's words for the parts of a replacement, of which a preview shows one or more.
REPLACES = frozenset({"replace", "create-replacement", "delete-replaced", "import-replacement"})
SAME, CREATE, UPDATE, DELETE = "same", "create", "update", "delete"
#: Types that are nobody's resources: the stack, and the providers.
OF_THE_ENGINE = "pulumi:"


@dataclass(frozen=True, slots=True)
class Change:
    """One step of a preview. `op` is the engine's word; what is secret in the inputs reads "[secret]" there already."""

    op: str
    urn: str
    #: Inputs as they are, and as they would be.
    old: Mapping[str, Any]
    new: Mapping[str, Any]
    #: Properties that force a replacement.
    reasons: tuple[str, ...] = ()
    #: Places of the inputs that differ, in order.
    paths: tuple[str, ...] = ()
    #: False for a component, which stands for nothing but its parts.
    custom: bool = True

    @property
    def name(self) -> str:
        """Name in the program."""
        return self.urn.rpartition("::")[2]

    @property
    def type(self) -> str:
        """Type token, without those of its parents."""
        return self.urn.split("::")[2].rpartition("$")[2]

    @property
    def counts(self) -> bool:
        """True for a resource that somebody would miss."""
        return self.custom and not self.type.startswith(OF_THE_ENGINE)


@dataclass(frozen=True, slots=True)
class Violation:
    """What a policy said of a resource, or of the whole stack."""

    policy: str
    mandatory: bool
    message: str
    urn: str


@dataclass(frozen=True, slots=True)
class Message:
    """A line that the program or the engine logged: info, warning or error."""

    severity: str
    text: str


@dataclass(frozen=True, slots=True)
class Preview:
    """Everything that a preview said, in an order that does not depend on its timing."""

    changes: tuple[Change, ...]
    violations: tuple[Violation, ...]
    messages: tuple[Message, ...]
    #: The outputs that the stack would have; None where the program did not come to its end.
    outputs: Mapping[str, Any] | None
    #: What the engine wrote when it failed; None where it did not.
    failure: str | None

    @property
    def errors(self) -> list[str]:
        """What was logged as an error."""
        return [message.text for message in self.messages if message.severity == "error"]
