"""What a copy of a state file holds, and which of several is the one to restore. Pure.

A copy is good when it is a whole checkpoint of this stack that Pulumi can read: valid JSON, its version, its resources. Copies
are ordered by the time that the engine wrote into them, not by that of the file: a copy that was copied is not newer.
Source: checkpoints of Pulumi 3.259.0 (apitype.CheckpointV3), measured on its file and gs:// backends.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.errors import CiError

CHECKPOINT_VERSION = 3


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy. `problem` says why it is not good, and is empty where it is."""

    #: By which it is named on the command line: a path in the bucket or folder, with `#<generation>` for an old version.
    id: str
    written: str = ""
    resources: int = 0
    problem: str = ""


def read_copy(copy_id: str, content: bytes, stack: str) -> Copy:
    """What a file's content is as a copy of a stack's state."""
    try:
        read = json.loads(content)
        checkpoint, version = read["checkpoint"], read["version"]
        if version != CHECKPOINT_VERSION:
            return Copy(copy_id, problem=f"its version is {version}, not {CHECKPOINT_VERSION}")
        if checkpoint["stack"].rpartition("/")[2] != stack:
            return Copy(copy_id, problem=f"it is of the stack {checkpoint['stack']}")
        latest = checkpoint["latest"]
        resources = latest.get("resources") or []
        if any("urn" not in resource for resource in resources):
            return Copy(copy_id, problem="it has a resource without a URN")
        return Copy(copy_id, latest["manifest"]["time"], len(resources))
    except (ValueError, KeyError, TypeError, AttributeError):
        shown = "it is empty" if not content.strip() else "it is no whole checkpoint"
        return Copy(copy_id, problem=shown)


def newest_first(copies: Iterable[Copy]) -> list[Copy]:
    """Good ones first, the newest of them at the top; of equals the one that was found first."""
    return sorted(copies, key=lambda one: (one.problem == "", one.written), reverse=True)


def choose(copies: Iterable[Copy], wished: str | None) -> Copy:
    """The copy to restore: the one that is wished for, else the newest good one. Raises CiError."""
    ordered = newest_first(copies)
    if wished is not None:
        found = next((one for one in ordered if one.id == wished), None)
        if found is None:
            raise CiError(f"there is no copy '{wished}'; without --copy all of them are listed")
        if found.problem:
            raise CiError(f"{wished} is not good: {found.problem}")
        return found
    if not ordered or ordered[0].problem:
        raise CiError(
            "there is no good copy: neither a version, nor a backup, nor a checkpoint of an update. See docs/state.md"
        )
    return ordered[0]
