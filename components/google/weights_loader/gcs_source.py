"""A checkpoint in another bucket. The service copies from bucket to bucket: no byte passes through the loader."""

from __future__ import annotations

from google.cloud import storage

from .errors import MissingSourceError
from .names import check_object_name, parse_bucket_source
from .plan import SourceObject, Transfer
from .source import Advance
from .storage_errors import storage_errors
from .target import FIELDS, Target, is_folder_marker

RIGHT = "roles/storage.objectViewer on the source bucket, and roles/storage.objectUser on the target"

#: For one call of a rewrite, seconds; the service answers within about 30 with a token for the rest
#: (cloud.google.com/storage/docs/json_api/v1/objects/rewrite, read 2026-11).
CALL_SECONDS = 120


class GcsSource:
    """A folder of a bucket, such as Google's public Model Garden bucket."""

    def __init__(self, client: storage.Client, source: str) -> None:
        bucket, self._prefix = parse_bucket_source(source)
        self._bucket = client.bucket(bucket)
        self._url = f"gs://{bucket}/{self._prefix}"

    @property
    def location(self) -> str:
        return self._url

    def list_objects(self, prefix: str) -> list[SourceObject]:
        """As `Source`; CRC32C and generation are those of the listing."""
        with storage_errors(f"listing the source {self._url}", right=RIGHT):
            blobs = list(self._bucket.list_blobs(prefix=self._prefix, fields=FIELDS))
        objects: list[SourceObject] = []
        for blob in blobs:
            if not is_folder_marker(blob):
                name = check_object_name(blob.name.removeprefix(self._prefix), prefix)
                objects.append(SourceObject(name, int(blob.size or 0), blob.crc32c, generation=blob.generation))
        if not objects:
            raise MissingSourceError(f"the source {self._url} holds no object; check its name")
        return objects

    def copy(self, transfer: Transfer, target: Target, advance: Advance) -> str:
        """Rewrite until the service hands out no further token; large objects take many calls."""
        item = transfer.item
        source, copy = self._bucket.blob(self._prefix + item.name), target.blob(item.name)
        token, done_bytes = None, 0
        while True:
            with storage_errors(f"copying {self._url}{item.name}", right=RIGHT):
                token, rewritten_bytes, _ = copy.rewrite(
                    source,
                    token=token,
                    if_generation_match=transfer.replaces,
                    if_source_generation_match=item.generation,
                    timeout=CALL_SECONDS,
                )
            advance(rewritten_bytes - done_bytes)
            done_bytes = rewritten_bytes
            if token is None:
                return item.crc32c or ""
