"""What a checkpoint consists of: every object with its bytes and CRC32C. Pure.

The manifest is the last object written: where it is, the checkpoint is complete. It holds no time and no host, so that two
loads of the same content write the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from .errors import ConflictError

SCHEMA = 1

_CRC32C = re.compile(r"[A-Za-z0-9+/]{6}==")


@dataclass(frozen=True, slots=True, order=True)
class ManifestObject:
    """One object."""

    name: str
    """Below the checkpoint's revision."""
    size_bytes: int
    crc32c: str
    """As Cloud Storage writes it: big-endian, in base64."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """One checkpoint at one revision."""

    checkpoint: str
    revision: str
    source: str
    """From where it was copied: `gs://...`, or `hf://...@commit`."""
    objects: tuple[ManifestObject, ...]
    """Sorted by name."""

    @property
    def size_bytes(self) -> int:
        """Bytes of all objects."""
        return sum(item.size_bytes for item in self.objects)

    def to_json(self) -> bytes:
        """The manifest's own content; equal manifests give equal bytes."""
        document = {
            "schema": SCHEMA,
            "checkpoint": self.checkpoint,
            "revision": self.revision,
            "source": self.source,
            "digest": digest(self.objects),
            "bytes": self.size_bytes,
            "objects": [{"name": o.name, "bytes": o.size_bytes, "crc32c": o.crc32c} for o in self.objects],
        }
        return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def digest(objects: Iterable[ManifestObject]) -> str:
    """`sha256:` and the SHA-256 of one line an object, sorted by name: name, tab, bytes, tab, CRC32C, line feed.

    It is the revision of a checkpoint whose source has no commits. Names hold no control characters, so no two lists of
    objects give the same text.
    """
    text = "".join(f"{item.name}\t{item.size_bytes}\t{item.crc32c}\n" for item in sorted(objects))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def read_manifest(content: bytes, where: str) -> Manifest:
    """Parse a manifest that lies at `where`; raises ConflictError when it is none, or not what it says of itself."""
    try:
        document = json.loads(content)
        if document["schema"] != SCHEMA:
            raise ValueError(f"its schema is {document['schema']!r}, and this loader knows {SCHEMA}")
        objects = tuple(sorted(_object(row) for row in document["objects"]))
        if document["digest"] != digest(objects):
            raise ValueError("its digest is not that of its objects")
        found = Manifest(str(document["checkpoint"]), str(document["revision"]), str(document["source"]), objects)
    except (ValueError, KeyError, TypeError) as error:
        reason = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise ConflictError(f"{where} is not a manifest of this loader ({reason}): delete it and run again") from None
    return found


def _object(row: dict[str, object]) -> ManifestObject:
    name, size_bytes, crc32c = row["name"], row["bytes"], row["crc32c"]
    if not isinstance(name, str) or not isinstance(size_bytes, int) or not isinstance(crc32c, str):
        raise TypeError("an object's name, bytes or crc32c is of another type")
    if not _CRC32C.fullmatch(crc32c):
        raise ValueError(f"the CRC32C of {name} is {crc32c!r}")
    return ManifestObject(name, size_bytes, crc32c)
