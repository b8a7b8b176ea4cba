"""Puts a lost or damaged state file back, from the newest good copy that its backend still has. Touches nothing else.

Not for a state that is whole, but older than the cloud: `pulumi refresh` and `pulumi import` are (docs/state.md).
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from pipeline.errors import CiError
from pipeline.state.copies import Copy, choose, newest_first, read_copy
from pipeline.state.store import Store

ROOT_FOLDER = ".pulumi"


@dataclass(frozen=True, slots=True)
class Restoration:
    """What would be restored: where the file stands, what is there now, all copies, and the chosen one."""

    file: str
    present: Copy | None
    copies: tuple[Copy, ...]
    chosen: Copy


def plan(store: Store, project: str, stack: str, wished: str | None = None) -> Restoration:
    """Looks at everything and changes nothing. Raises CiError where there is nothing to restore, or nothing to restore from."""
    file = f"{ROOT_FOLDER}/stacks/{project}/{stack}.json"
    locks = [name for name, _ in _present(store, f"{ROOT_FOLDER}/locks/organization/{project}/{stack}/")]
    if locks:
        raise CiError(
            f"somebody holds the lock {locks[0]}: let the run end, or give it up with `pulumi cancel --stack {stack}`"
        )
    content = store.read(file)
    present = None if content is None else read_copy(file, content, stack)
    if present is not None and not present.problem and wished is None:
        raise CiError(
            f"{file} is whole ({present.resources} resources, written {present.written}): there is nothing to restore. Where it "
            f"is older than the cloud, `pulumi refresh` takes over what differs; --copy names an older copy to go back to"
        )
    prefixes = (file, f"{ROOT_FOLDER}/history/{project}/{stack}/", f"{ROOT_FOLDER}/backups/{project}/{stack}/")
    copies = newest_first(
        read_copy(copy_id, data, stack)
        for prefix in prefixes
        for copy_id, data in store.copies(prefix)
        if _is_checkpoint(copy_id, file) and data != content
    )
    return Restoration(file, present, tuple(copies), choose(copies, wished))


def carry_out(store: Store, restoration: Restoration, now: datetime.datetime) -> str | None:
    """Writes the chosen copy where the state file stands; gives the name under which a damaged one was kept."""
    kept = None
    if (content := store.read(restoration.file)) is not None:
        # not below stacks/: the backend would take it for a stack
        name = restoration.file.rpartition("/")[2]
        kept = f"{ROOT_FOLDER}/damaged/{name}.{now:%Y%m%dT%H%M%SZ}"
        store.write(kept, content)
    store.write(restoration.file, store.read_copy(restoration.chosen.id))
    return kept


def _present(store: Store, prefix: str) -> list[tuple[str, bytes]]:
    """Files that are there now, not the old versions of such as are gone."""
    names = {copy_id.partition("#")[0] for copy_id, _ in store.copies(prefix)}
    return [(name, content) for name in sorted(names) if (content := store.read(name)) is not None]


def _is_checkpoint(copy_id: str, file: str) -> bool:
    """True for versions and the backup of the state file itself, and for the checkpoints of updates."""
    name = copy_id.partition("#")[0]
    if name.startswith(f"{file}"):
        return name in (file, f"{file}.bak")
    return name.endswith(".json") and not name.endswith(".history.json")
