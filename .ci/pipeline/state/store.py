"""Files of a Pulumi backend of one's own, with their old versions: a bucket (gs://) or a folder (file://). Judges nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from google.api_core.exceptions import GoogleAPIError
from google.auth.exceptions import GoogleAuthError
from google.cloud import storage

from pipeline.errors import CiError


class Store(Protocol):
    """Where a backend keeps its files."""

    def read(self, name: str) -> bytes | None:
        """The content of a file; None where there is none."""
        ...

    def copies(self, prefix: str) -> Iterator[tuple[str, bytes]]:
        """(id, content) of every file below a prefix, and of old versions that are not the present one."""
        ...

    def read_copy(self, copy_id: str) -> bytes:
        """The content that an id of `copies` stands for."""
        ...

    def write(self, name: str, content: bytes) -> None:
        """Writes a file."""
        ...


class Folder:
    """A folder of this machine. It has no old versions; Pulumi's own backups stand beside the files."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def read(self, name: str) -> bytes | None:
        path = self.root / name
        return path.read_bytes() if path.is_file() else None

    def copies(self, prefix: str) -> Iterator[tuple[str, bytes]]:
        start = self.root / prefix
        folder = start if start.is_dir() else start.parent
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            name = path.relative_to(self.root).as_posix()
            if path.is_file() and name.startswith(prefix):
                yield name, path.read_bytes()

    def read_copy(self, copy_id: str) -> bytes:
        return (self.root / copy_id).read_bytes()

    def write(self, name: str, content: bytes) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        # Pulumi's file backend keeps a checksum beside each file, which would not fit any more
        path.with_name(f"{path.name}.attrs").unlink(missing_ok=True)


class Bucket:
    """A bucket of Cloud Storage, with the login of whoever runs this (`gcloud auth application-default login`)."""

    def __init__(self, name: str) -> None:
        self.bucket = storage.Client(project="unused").bucket(name)

    def read(self, name: str) -> bytes | None:
        blob = self.bucket.get_blob(name)
        return blob.download_as_bytes() if blob else None

    def copies(self, prefix: str) -> Iterator[tuple[str, bytes]]:
        for blob in self.bucket.list_blobs(prefix=prefix, versions=True):
            yield f"{blob.name}#{blob.generation}", blob.download_as_bytes()

    def read_copy(self, copy_id: str) -> bytes:
        name, _, generation = copy_id.rpartition("#")
        return self.bucket.blob(name, generation=int(generation)).download_as_bytes()

    def write(self, name: str, content: bytes) -> None:
        self.bucket.blob(name).upload_from_string(content, content_type="text/plain; charset=utf-8")


def open_store(backend: str) -> Store:
    """The store of a backend's address. Raises CiError."""
    address = urlsplit(backend)
    if address.scheme == "file":
        root = Path(unquote(address.path))
        if not (root / ".pulumi").is_dir():
            raise CiError(f"{backend} is no backend of Pulumi: it has no folder .pulumi")
        return Folder(root)
    if address.scheme != "gs" or not address.netloc:
        raise CiError(f"'{backend}' is no gs://<bucket> and no file://<folder>")
    try:
        return Bucket(address.netloc)
    except (GoogleAuthError, GoogleAPIError) as error:
        raise CiError(f"{backend}: {error}") from None
