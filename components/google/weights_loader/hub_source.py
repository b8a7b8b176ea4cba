"""A checkpoint on Hugging Face at a pinned commit, streamed through the loader; nothing is written to a disk.

The hub tells no CRC32C but a SHA-256 of each large file (its LFS pointer) and the git blob id of each small one. Content is
checked against that before the upload is completed, so a wrong object never becomes visible; the CRC32C is computed on the way.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import google_crc32c
import requests
from google.cloud.storage.fileio import BlobWriter

from .errors import BadRequestError, CorruptObjectError, LoaderError, MissingSourceError, TransferFailedError
from .hub_http import Hub
from .names import COMMIT, check_object_name, parse_hub_source
from .plan import SourceObject, Transfer
from .source import Advance
from .storage_errors import AGAIN, storage_errors
from .target import RIGHT, Target

#: Pieces in which a file is read, and in which it is uploaded; the latter is held in memory once a parallel transfer.
READ_BYTES = 2**20
UPLOAD_BYTES = 32 * 2**20

#: Failures in a row, without a byte between them, after which a file is given up; waits double from the first.
ATTEMPTS = 5
FIRST_WAIT_S = 1.0


class HubSource:
    """A repository of the hub at one commit."""

    def __init__(self, hub: Hub, source: str, revision: str | None, first_wait_s: float = FIRST_WAIT_S) -> None:
        self._hub, self._repository, self._first_wait_s = hub, parse_hub_source(source), first_wait_s
        if revision is None or not COMMIT.fullmatch(revision):
            raise BadRequestError(
                f"hf://{self._repository} needs --revision with a commit of 40 hexadecimal digits, since branches move; "
                f"{hub.endpoint}/{self._repository}/commits/main lists them"
            )
        self._commit = revision

    @property
    def location(self) -> str:
        return f"hf://{self._repository}@{self._commit}"

    def list_objects(self, prefix: str) -> list[SourceObject]:
        """As `Source`; the fingerprint stands in for the CRC32C."""
        address: str | None = f"{self._hub.endpoint}/api/models/{self._repository}/tree/{self._commit}?recursive=true"
        objects: list[SourceObject] = []
        while address:
            rows, address = self._page(address)
            objects += [_listed(row, prefix) for row in rows if row["type"] == "file"]
        if not objects:
            raise MissingSourceError(f"the source {self.location} holds no file")
        return objects

    def _page(self, address: str) -> tuple[list[dict[str, Any]], str | None]:
        """One page of the listing and the address of the next."""
        what = f"listing the source {self.location}"
        attempts = _Attempts(self._first_wait_s)
        while True:
            try:
                with self._hub.get(address, what) as answer:
                    return answer.json(), answer.links.get("next", {}).get("url")
            except (requests.RequestException, TransferFailedError) as error:
                attempts.failed(what, error)

    def copy(self, transfer: Transfer, target: Target, advance: Advance) -> str:
        """Stream one file into a resumable upload; a download that breaks goes on at its byte, the upload likewise."""
        item = transfer.item
        crc32c, check = google_crc32c.Checksum(), _hasher(item)
        url = f"{self.location}/{item.name}"
        done_bytes = 0
        with storage_errors(f"uploading {url}", right=RIGHT):
            upload = BlobWriter(target.blob(item.name), UPLOAD_BYTES, if_generation_match=transfer.replaces)
            with upload:  # left by an error, it cancels the upload: nothing becomes visible
                for piece in self._pieces(item):
                    crc32c.update(piece)
                    check.update(piece)
                    done_bytes += len(piece)
                    upload.write(piece)
                    advance(len(piece))
                found = f"{(item.fingerprint or '').partition(':')[0]}:{check.hexdigest()}"
                if done_bytes != item.size_bytes or found != item.fingerprint:
                    raise CorruptObjectError(
                        f"{url}: {done_bytes} bytes with {found} arrived, and the hub lists {item.size_bytes} with "
                        f"{item.fingerprint}; nothing was stored; {AGAIN}"
                    )
        return base64.b64encode(crc32c.digest()).decode()

    def _pieces(self, item: SourceObject) -> Iterator[bytes]:
        address = f"{self._hub.endpoint}/{self._repository}/resolve/{self._commit}/{quote(item.name)}"
        what = f"downloading {self.location}/{item.name}"
        offset, attempts = 0, _Attempts(self._first_wait_s)
        while offset < item.size_bytes:
            try:
                with self._hub.get(address, what, start=offset) as answer:
                    for piece in answer.iter_content(READ_BYTES):
                        offset += len(piece)
                        attempts.restart()
                        yield piece
                if offset < item.size_bytes:
                    raise TransferFailedError(f"it ended at byte {offset} of {item.size_bytes}")
            except (requests.RequestException, TransferFailedError) as error:
                attempts.failed(what, error)


class _Attempts:
    """Counts failures in a row and waits between them."""

    def __init__(self, first_wait_s: float) -> None:
        self._first_wait_s = first_wait_s
        self._failures = 0

    def restart(self) -> None:
        self._failures = 0

    def failed(self, what: str, error: Exception) -> None:
        """Wait, or raise TransferFailedError after the last attempt."""
        self._failures += 1
        if self._failures >= ATTEMPTS:
            reason = error if isinstance(error, LoaderError) else type(error).__name__
            raise TransferFailedError(f"{what}: given up after {ATTEMPTS} attempts ({reason}); {AGAIN}") from error
        time.sleep(self._first_wait_s * 2 ** (self._failures - 1))


def _listed(row: dict[str, Any], prefix: str) -> SourceObject:
    name, lfs = check_object_name(row["path"], prefix), row.get("lfs")
    fingerprint = f"sha256:{lfs['oid'].removeprefix('sha256:')}" if lfs else f"git-sha1:{row['oid']}"
    return SourceObject(name, int(lfs["size"] if lfs else row["size"]), fingerprint=fingerprint)


def _hasher(item: SourceObject) -> Any:
    """What computes the fingerprint of that kind; git puts a header before the content."""
    if (item.fingerprint or "").startswith("sha256:"):
        return hashlib.sha256()
    return hashlib.sha1(f"blob {item.size_bytes}\0".encode(), usedforsecurity=False)
