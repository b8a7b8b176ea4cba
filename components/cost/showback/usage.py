"""What deployments used in a month: GPUs or instances held, requests served, memory filled, tokens computed. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from components.cost.errors import CostError


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of a month. `cached` are those of `prompt` that the prefix cache held, so that nobody computed them."""

    prompt: Decimal
    cached: Decimal
    answer: Decimal

    def __post_init__(self) -> None:
        for name in ("prompt", "cached", "answer"):
            if getattr(self, name) < 0:
                raise CostError(f"negative traffic: {getattr(self, name)} {name} tokens")
        if self.cached > self.prompt:
            raise CostError(f"negative traffic: {self.cached} cached tokens of {self.prompt} prompt tokens")

    @property
    def computed(self) -> Decimal:
        """Tokens of prompts that were computed."""
        return self.prompt - self.cached

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(self.prompt + other.prompt, self.cached + other.cached, self.answer + other.answer)


@dataclass(frozen=True, slots=True)
class Usage:
    """A month of one deployment.

    `held_hours` are hours of replicas, all of them together, and `serving_hours` those of them with a running request; None where
    nobody measured it. `tokens` is None where nobody measured them: then its key is memory alone. `machine_types` are those that
    it held, none on Cloud Run. `resident_gib` is what the weights fill in the memory of a replica's GPUs.
    """

    deployment: str
    resident_gib: Decimal
    active_parameters: Decimal
    held_hours: Decimal
    serving_hours: Decimal | None
    tokens: Tokens | None
    machine_types: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.held_hours < 0 or self.resident_gib < 0 or self.active_parameters < 0:
            raise CostError(f"{self.deployment}: hours, memory and parameters cannot be negative")
        if self.serving_hours is not None and not 0 <= self.serving_hours <= self.held_hours:
            raise CostError(
                f"{self.deployment}: {self.serving_hours} hours with a running request of {self.held_hours} held hours"
            )

    @property
    def team(self) -> str:
        """The team that it belongs to."""
        return self.deployment.partition("/")[0]

    @property
    def memory(self) -> Decimal:
        """M: GiB x hours."""
        return self.resident_gib * self.held_hours

    def work(self, answer_weight: Decimal) -> Decimal:
        """W: parameters x tokens; nothing where tokens are not measured."""
        if self.tokens is None:
            return Decimal(0)
        return self.active_parameters * (self.tokens.computed + answer_weight * self.tokens.answer)
