"""Which names are safe, and how a source is written. Pure.

Names come from listings of others and become object names, and later paths below a mount point: none may leave its folder.
"""

from __future__ import annotations

import re

from .errors import BadRequestError

MANIFEST = "manifest.json"
"""The object that makes a checkpoint complete, directly under its revision."""

COMMIT = re.compile(r"[0-9a-f]{40}")
REVISION = re.compile(r"([0-9a-f]{40}|sha256:[0-9a-f]{64})")
"""As `Revision` in the sizing catalogue: a commit of the source's repository, or the digest of a manifest."""

_PART = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_CHECKPOINT = re.compile(rf"{_PART}(/{_PART})?")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")

#: Longest name of an object, bytes of UTF-8 (cloud.google.com/storage/docs/objects#naming, read 2026-11).
OBJECT_NAME_LIMIT_BYTES = 1024


def check_checkpoint(checkpoint: str) -> str:
    """The id of a checkpoint, `publisher/name` or `name`; raises BadRequestError."""
    if not _CHECKPOINT.fullmatch(checkpoint):
        raise BadRequestError(
            f"checkpoint {checkpoint!r}: must be the id under which it is published, such as google/gemma-4-E4B-it"
        )
    return checkpoint


def check_revision(revision: str) -> str:
    """A revision as the catalogue writes it; raises BadRequestError."""
    if not REVISION.fullmatch(revision):
        raise BadRequestError(
            f"revision {revision!r}: must be a commit of 40 hexadecimal digits, or sha256: and 64 of them"
        )
    return revision


def check_bucket(bucket: str) -> str:
    """The name of a bucket, without gs://; raises BadRequestError."""
    if not _BUCKET.fullmatch(bucket):
        raise BadRequestError(f"bucket {bucket!r}: must be the name of a bucket, without gs:// and without a path")
    return bucket


def check_object_name(name: str, prefix: str) -> str:
    """The name of an object below `prefix`, which ends with a slash; raises BadRequestError."""
    reason = _unsafe(name, prefix)
    if reason:
        raise BadRequestError(f"the source has an object named {name!r}, {reason}: rename or remove it there")
    return name


def _unsafe(name: str, prefix: str) -> str | None:
    if _CONTROL.search(name) or "\\" in name:
        return "which holds a control character or a backslash"
    if any(part in ("", ".", "..") for part in name.split("/")):
        return "which would leave its folder or has an empty part"
    if name == MANIFEST:
        return "which is the name of the loader's own manifest"
    try:
        size_bytes = len((prefix + name).encode())
    except UnicodeEncodeError:
        return "which is not valid Unicode"
    return f"which is longer than {OBJECT_NAME_LIMIT_BYTES} bytes" if size_bytes > OBJECT_NAME_LIMIT_BYTES else None


def parse_bucket_source(source: str) -> tuple[str, str]:
    """`gs://bucket/folder` as bucket and prefix; the prefix is empty or ends with a slash. Raises BadRequestError."""
    bucket, _, folder = source.removeprefix("gs://").partition("/")
    folder = folder.strip("/")
    if _CONTROL.search(folder) or any(part in (".", "..") for part in folder.split("/")):
        raise BadRequestError(f"source {source!r}: its folder must not hold dots alone or control characters")
    return check_bucket(bucket), f"{folder}/" if folder else ""


def parse_hub_source(source: str) -> str:
    """`hf://publisher/name` as the id of the repository; raises BadRequestError."""
    repository = source.removeprefix("hf://")
    if not _CHECKPOINT.fullmatch(repository) or "/" not in repository:
        raise BadRequestError(
            f"source {source!r}: must be hf:// and the repository's id, such as hf://google/gemma-4-E4B-it"
        )
    return repository
