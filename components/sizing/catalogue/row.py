"""What all catalogue rows have in common: they are immutable, and a misspelt field is an error."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict

GIB = 2**30

Input = Literal["text", "image", "video", "audio"]
#: Kinds of items, other than text, that a request can carry.
ITEM_KINDS: tuple[Literal["image", "video", "audio"], ...] = ("image", "video", "audio")
PurchaseOption = Literal["on-demand", "reservation", "flex-start", "spot"]


class Row(BaseModel):
    """One catalogue row or a part of one."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Fact(Row):
    """A row that stands for facts from outside: where they were read, and when."""

    source: str
    date: datetime.date


class Identified(Fact):
    """A row that others name by its id, which is unique in its list."""

    id: str

    def __hash__(self) -> int:
        # rows are keys of caches: their id is enough, and cheap
        return hash(self.id)


def _numbers(value: object) -> object:
    if isinstance(value, str) and all(part.isdecimal() for part in value.split(".")):
        return tuple(int(part) for part in value.split("."))
    return value


#: Compute capability of a GPU, written "8.9".
ComputeCapability = Annotated[tuple[int, int], BeforeValidator(_numbers)]
#: Version of the engine, written "0.25.1".
EngineVersion = Annotated[tuple[int, int, int], BeforeValidator(_numbers)]


def dotted(numbers: tuple[int, ...]) -> str:
    """(8, 9) as "8.9"."""
    return ".".join(str(number) for number in numbers)
