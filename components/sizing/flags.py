"""Words of a command line as flags and values, the way that `vllm serve` reads them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from components.sizing.errors import SizingError

COMMAND = ("vllm", "serve")

#: Short spellings of vLLM 0.33.0's parser for the flags that are read here.
ALIASES = {
    "-tp": "--tensor-parallel-size",
    "-pp": "--pipeline-parallel-size",
    "-dp": "--data-parallel-size",
    "-ep": "--enable-expert-parallel",
    "-q": "--quantization",
    "--device-memory-utilization": "--gpu-memory-utilization",
}
#: Switches take no value; every other flag read here does.
SWITCHES = (
    "--language-model-only",
    "--enforce-eager",
    "--no-async-scheduling",
    "--async-scheduling",
    "--no-enforce-eager",
    "--enable-auto-tool-choice",
    "--enable-expert-parallel",
    "--enable-lora",
    "--enable-tower-connector-lora",
    "--enable-moe-shared-loras",
    "--fully-sharded-loras",
    "--specialize-active-lora",
    "--disable-hybrid-kv-cache-manager",
    "--enable-sleep-mode",
)
#: Flags that take all words up to the next flag.
MANY = ("--lora-modules", "--lora-target-modules")


@dataclass(frozen=True, slots=True)
class Flags:
    """Flags with their values (the last one wins, as in argparse) and what stands alone."""

    values: dict[str, str] = field(default_factory=dict)
    positional: list[str] = field(default_factory=list)

    def __contains__(self, flag: str) -> bool:
        return flag in self.values

    def get(self, flag: str, default: str = "") -> str:
        """The value as it is written."""
        return self.values.get(flag, default)

    def whole(self, flag: str, default: int) -> int:
        """A whole number of at least 1. Raises SizingError for anything else."""
        value = self.values.get(flag)
        if value is None:
            return default
        if not value.isdecimal() or int(value) < 1:
            raise SizingError(f"{flag} is '{value}', not a whole number of at least 1")
        return int(value)

    def given(self, flag: str) -> int | None:
        """The same; None where the flag is absent."""
        return self.whole(flag, 1) if flag in self.values else None

    def share(self, flag: str, default: float) -> float:
        """A fraction between 0 and 1. Raises SizingError for anything else."""
        value = self.values.get(flag)
        if value is None:
            return default
        if not re.fullmatch(r"0?\.\d+|1(\.0+)?", value):
            raise SizingError(f"{flag} is '{value}', not a fraction between 0 and 1")
        return float(value)

    def mapping(self, flag: str) -> Mapping[str, Any]:
        """A JSON object. Raises SizingError for anything else."""
        try:
            value = json.loads(self.values.get(flag, "{}"))
        except json.JSONDecodeError:
            value = None
        if not isinstance(value, dict):
            raise SizingError(f"{flag} is '{self.values[flag]}', not a JSON object")
        return value


def parse(arguments: Sequence[str]) -> Flags:
    """The flags of a command line; `vllm serve` itself is skipped."""
    words = list(arguments)
    if tuple(words[:2]) == COMMAND:
        words = words[2:]
    flags = Flags()
    while words:
        word = words.pop(0)
        if not word.startswith("-"):
            flags.positional.append(word)
            continue
        name, equals, value = word.partition("=")
        name = ALIASES.get(name, name.replace("_", "-"))
        if not equals and name not in SWITCHES and words and not words[0].startswith("-"):
            value = words.pop(0)
            while name in MANY and words and not words[0].startswith("-"):
                value += f" {words.pop(0)}"
        flags.values[name] = value
    return flags
