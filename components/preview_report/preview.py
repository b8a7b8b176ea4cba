"""A preview as plain data: its steps, what policies and program said, and the outputs that the stack would have. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.plan_step import Step

#: Types that are nobody's resources: the stack, and the providers.
OF_THE_ENGINE = "pulumi:"


@dataclass(frozen=True, slots=True)
class Change(Step):
    """A step with what a report shows of it. What is secret in the inputs reads "[secret]" there already."""

    #: Places of the inputs that differ, in order.
    paths: tuple[str, ...] = ()
    #: False for a component, which stands for nothing but its parts.
    custom: bool = True

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
