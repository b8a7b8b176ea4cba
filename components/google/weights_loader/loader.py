"""The order of steps of one load: list, skip or plan, copy, verify, and the manifest last."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from google.cloud import storage

from .errors import ConflictError, CorruptObjectError
from .manifest import Manifest, ManifestObject, digest
from .names import MANIFEST
from .plan import Plan, SourceObject, differing, pin_to_manifest, plan_transfer, refuse_foreign
from .source import Source
from .storage_errors import AGAIN
from .target import Target
from .transfer import transfer_all

#: As long as the longest revision, to check names before the revision is known.
_UNKNOWN_REVISION = f"sha256:{'0' * 64}"


class Outcome(StrEnum):
    """How a load ended."""

    LOADED = "loaded"
    REPAIRED = "repaired"
    SKIPPED = "nothing to do"
    PLANNED = "dry run"


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be loaded to where; every field is checked already."""

    bucket: str
    checkpoint: str
    revision: str | None
    """None: the digest of what the source lists."""
    parallel: int
    dry_run: bool


def load(request: Request, source: Source, client: storage.Client, say: Callable[[str], None]) -> Outcome:
    """Load one checkpoint; raises LoaderError. Whatever interrupts it, running it again goes on from there.

    With a revision and its manifest there, the source is not even asked.
    """
    prefix = f"{request.checkpoint}/{request.revision or _UNKNOWN_REVISION}/"
    listed = None if request.revision else source.list_objects(prefix)
    revision = request.revision or _digest(listed or [])
    target = Target(client, request.bucket, request.checkpoint, revision)
    say(f"{source.location} -> {target.url}")

    complete, present = target.read_manifest(), target.list_objects()
    if complete is not None:
        _check_same(complete, Manifest(request.checkpoint, revision, source.location, ()), target)
        refuse_foreign((recorded.name for recorded in complete.objects), present, target.url)
        broken = differing(complete, present)
        if not broken:
            objects = f"{len(complete.objects)} objects with {complete.size_bytes:,} bytes"
            say(f"{Outcome.SKIPPED}: the manifest is there and its {objects} are as it says")
            return Outcome.SKIPPED
        say(f"the manifest is there, but {len(broken)} of its objects are missing or differ: {', '.join(broken[:3])}")

    wanted = listed if listed is not None else source.list_objects(prefix)
    wanted = pin_to_manifest(wanted, complete) if complete else _check_digest(wanted, revision, source)
    plan = plan_transfer(wanted, present, target.url)
    say(f"{len(plan.keep)} objects are kept, {len(plan.transfers)} with {plan.transfer_bytes:,} bytes are to be copied")
    if request.dry_run:
        for transfer in plan.transfers:
            say(f"would copy {transfer.item.name}, {transfer.item.size_bytes:,} bytes")
        return Outcome.PLANNED
    transfer_all(plan, source, target, request.parallel, say)
    found = _verified(wanted, target)
    if complete is None:
        _finish(Manifest(request.checkpoint, revision, source.location, found), target, say)
    return Outcome.REPAIRED if complete else Outcome.LOADED


def _digest(listed: Iterable[SourceObject]) -> str:
    return digest(ManifestObject(item.name, item.size_bytes, item.crc32c or "") for item in listed)


def _check_digest(listed: list[SourceObject], revision: str, source: Source) -> list[SourceObject]:
    """The listing; raises ConflictError when the revision is a digest, and that of something else."""
    if revision.startswith("sha256:") and _digest(listed) != revision:
        raise ConflictError(
            f"{source.location} is not {revision} but {_digest(listed)}: it has changed, or is another checkpoint; "
            "give that revision, or none"
        )
    return listed


def _check_same(found: Manifest, expected: Manifest, target: Target) -> None:
    """Raises ConflictError when the manifest that is there tells of another load than the one that is asked for."""
    for what in ("checkpoint", "revision", "source"):
        if getattr(found, what) != getattr(expected, what):
            raise ConflictError(
                f"{target.url}{MANIFEST} is there and differs: its {what} is {getattr(found, what)}, and "
                f"{getattr(expected, what)} was asked for. Ask for the former, or delete the folder and run again"
            )
    if found.revision.startswith("sha256:") and digest(found.objects) != found.revision:
        raise ConflictError(
            f"{target.url}{MANIFEST} does not have the digest {found.revision}: delete it and run again"
        )


def _verified(wanted: list[SourceObject], target: Target) -> tuple[ManifestObject, ...]:
    """List the target anew and compare every object: what the manifest records is what the bucket says, not what was sent."""
    plan: Plan = plan_transfer(wanted, target.list_objects(), target.url)
    if plan.transfers:
        name = plan.transfers[0].item.name
        raise CorruptObjectError(f"{target.url}{name} was changed or removed during the load; {AGAIN}")
    return tuple(sorted(stored.in_manifest() for stored in plan.keep))


def _finish(manifest: Manifest, target: Target, say: Callable[[str], None]) -> None:
    if target.write_manifest(manifest):
        say(
            f"wrote {target.url}{MANIFEST}: {len(manifest.objects)} objects, {manifest.size_bytes:,} bytes, all verified"
        )
        return
    other = target.read_manifest()
    if other != manifest:
        raise ConflictError(f"{target.url}{MANIFEST} was written by another loader at the same time, and differs")
    say("another loader finished first, with the same manifest")
