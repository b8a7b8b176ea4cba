"""One step of a plan, as the engine tells it: what it would do with one resource. Pure.

Both forms of a preview are read into it: what `pulumi preview --json` writes (policy/plan_check), and the events of the
Automation API (components/preview_report).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: The engine's words for what it does.
SAME, CREATE, UPDATE, DELETE = "same", "create", "update", "delete"
#: Its words for the parts of a replacement, of which a preview shows one or more.
CLEANS_UP = "delete-replaced"
REPLACES = frozenset({"replace", "create-replacement", "import-replacement", CLEANS_UP})
#: What it writes for a value that it does not know yet (sdk/go/common/resource/plugin/rpc.go of v3.259.0).
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


@dataclass(frozen=True, slots=True)
class Step:
    """What a plan would do with one resource. `op` is the engine's word: create, update, replace, delete and so on."""

    op: str
    urn: str
    #: Inputs as they are, and as they would be.
    old: Mapping[str, Any] = field(default_factory=dict)
    new: Mapping[str, Any] = field(default_factory=dict)
    #: Properties that force a replacement; empty where another resource's replacement does.
    reasons: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name in the program."""
        return self.urn.rpartition("::")[2]

    @property
    def type(self) -> str:
        """Type token, without those of its parents."""
        return self.urn.split("::")[2].rpartition("$")[2]
