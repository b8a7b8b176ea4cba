"""The waivers of `tests/checkov_waivers.yaml`: checks that some objects fail on purpose, each with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import yaml

from tests.tools.checkov_program import Failed

FILE = Path(__file__).parents[1] / "checkov_waivers.yaml"


@dataclass(frozen=True, slots=True)
class Waiver:
    """One check, the resources (`<kind>.<namespace>.<name>`, `*` for any part) that may fail it, and why."""

    check: str
    resources: str
    reason: str

    def covers(self, failed: Failed) -> bool:
        return failed.check == self.check and fnmatchcase(failed.resource, self.resources)


def read_waivers(text: str) -> list[Waiver]:
    """The waivers of a file's text. Raises ValueError for one that lacks something or says too little."""
    rows = yaml.safe_load(text) or []
    for row in rows:
        if set(row) != {"check", "resources", "reason"} or len(str(row["reason"])) < 20:
            raise ValueError(f"a waiver needs check, resources and a reason in words; found {row}")
    return [Waiver(row["check"], row["resources"], row["reason"]) for row in rows]


def not_waived(failed: Iterable[Failed], waivers: Sequence[Waiver]) -> list[Failed]:
    """What no waiver covers."""
    return [one for one in failed if not any(waiver.covers(one) for waiver in waivers)]


def unused(waivers: Iterable[Waiver], failed: Sequence[Failed]) -> list[Waiver]:
    """Waivers that cover nothing (any more)."""
    return [waiver for waiver in waivers if not any(waiver.covers(one) for one in failed)]
