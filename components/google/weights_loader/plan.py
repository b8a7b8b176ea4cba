"""What is still to be copied. Pure: compares what a source lists with what the bucket holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from .errors import ConflictError
from .manifest import Manifest, ManifestObject


@dataclass(frozen=True, slots=True)
class SourceObject:
    """An object as its source lists it."""

    name: str
    size_bytes: int
    crc32c: str | None = None
    """None where the source does not tell it."""
    fingerprint: str | None = None
    """What the source tells instead: `sha256:` of the content, or `git-sha1:` of its git blob."""
    generation: int | None = None
    """Which version of the object was listed, for a source that has versions."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object that lies in the model bucket."""

    name: str
    size_bytes: int
    crc32c: str
    generation: int
    fingerprint: str | None = None
    """Set by this loader after it had checked the content against it."""

    def in_manifest(self) -> ManifestObject:
        return ManifestObject(self.name, self.size_bytes, self.crc32c)


@dataclass(frozen=True, slots=True)
class Transfer:
    """One object to be copied."""

    item: SourceObject
    replaces: int
    """Generation of the object that it takes the place of; 0 where there is none."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do with one checkpoint."""

    keep: tuple[StoredObject, ...]
    transfers: tuple[Transfer, ...]

    @property
    def transfer_bytes(self) -> int:
        return sum(transfer.item.size_bytes for transfer in self.transfers)


def fits(item: SourceObject, stored: StoredObject) -> bool:
    """Whether the bucket's object is the source's: by size and CRC32C, or where the source tells none, by fingerprint."""
    if item.size_bytes != stored.size_bytes:
        return False
    if item.crc32c is not None:
        return item.crc32c == stored.crc32c
    return item.fingerprint is not None and item.fingerprint == stored.fingerprint


def refuse_foreign(names: Iterable[str], present: Iterable[StoredObject], where: str) -> None:
    """Raises ConflictError when `where` holds other objects than those of that name: an engine would load them as well."""
    foreign = sorted({stored.name for stored in present} - set(names))
    if foreign:
        more = f" and {len(foreign) - 3} more" if len(foreign) > 3 else ""
        raise ConflictError(
            f"{where} holds what the source does not have: {', '.join(foreign[:3])}{more}. Delete it there and run again"
        )


def plan_transfer(wanted: Iterable[SourceObject], present: Iterable[StoredObject], where: str) -> Plan:
    """What is missing or differs is copied, what fits is kept; raises ConflictError as `refuse_foreign` does."""
    wanted, by_name = list(wanted), {stored.name: stored for stored in present}
    refuse_foreign((item.name for item in wanted), by_name.values(), where)
    keep: list[StoredObject] = []
    transfers: list[Transfer] = []
    for item in sorted(wanted, key=lambda item: item.name):
        stored = by_name.get(item.name)
        if stored is not None and fits(item, stored):
            keep.append(stored)
        else:
            transfers.append(Transfer(item, stored.generation if stored else 0))
    return Plan(tuple(keep), tuple(transfers))


def pin_to_manifest(listed: Iterable[SourceObject], manifest: Manifest) -> list[SourceObject]:
    """What the source lists, with the manifest's CRC32C, to repair a checkpoint that had been complete.

    Raises ConflictError when the source is not any more what the manifest was made from.
    """
    by_name = {item.name: item for item in listed}
    pinned: list[SourceObject] = []
    for recorded in manifest.objects:
        item = by_name.pop(recorded.name, None)
        if item is None or item.size_bytes != recorded.size_bytes or item.crc32c not in (None, recorded.crc32c):
            raise _changed(manifest, recorded.name)
        pinned.append(replace(item, crc32c=recorded.crc32c))
    if by_name:
        raise _changed(manifest, min(by_name))
    return pinned


def differing(manifest: Manifest, present: Iterable[StoredObject]) -> list[str]:
    """Names of the manifest's objects that are missing in the bucket or have other bytes or another CRC32C."""
    found = {stored.in_manifest() for stored in present}
    return [recorded.name for recorded in manifest.objects if recorded not in found]


def _changed(manifest: Manifest, name: str) -> ConflictError:
    return ConflictError(
        f"{manifest.source} has changed since {manifest.checkpoint} was loaded at {manifest.revision} ({name} differs), so it "
        "cannot repair it: load the present content under its own revision, or restore the object's noncurrent version"
    )
