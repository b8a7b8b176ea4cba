"""One checkpoint at one revision in the model bucket: its objects and its manifest. Never creates the bucket."""

from __future__ import annotations

from dataclasses import replace

from google.api_core.exceptions import NotFound, PreconditionFailed
from google.cloud import storage

from .manifest import Manifest, read_manifest
from .names import MANIFEST
from .plan import StoredObject
from .storage_errors import storage_errors

RIGHT = "roles/storage.objectUser on the target bucket"

#: Metadata of an object: the source's fingerprint, against which this loader has checked the content.
FINGERPRINT = "source-fingerprint"

#: What a listing returns of each object.
FIELDS = "items(name,size,crc32c,generation,metadata),nextPageToken"


class Target:
    """The folder `<checkpoint>/<revision>/` of a bucket."""

    def __init__(self, client: storage.Client, bucket: str, checkpoint: str, revision: str) -> None:
        self.prefix = f"{checkpoint}/{revision}/"
        self.url = f"gs://{bucket}/{self.prefix}"
        self._bucket = client.bucket(bucket)

    def blob(self, name: str) -> storage.Blob:
        """A handle on one object; nothing is asked of the service."""
        return self._bucket.blob(self.prefix + name)

    def list_objects(self) -> list[StoredObject]:
        """All objects but the manifest and the markers that consoles create for folders."""
        with storage_errors(f"listing {self.url}", right=RIGHT):
            blobs = list(self._bucket.list_blobs(prefix=self.prefix, fields=FIELDS))
        found = (_stored(blob, blob.name.removeprefix(self.prefix)) for blob in blobs if not is_folder_marker(blob))
        return [stored for stored in found if stored.name != MANIFEST]

    def stat(self, name: str) -> StoredObject:
        """The object as it is now."""
        blob = self.blob(name)
        with storage_errors(f"reading what {self.url}{name} is", right=RIGHT):
            blob.reload()
        return _stored(blob, name)

    def mark(self, stored: StoredObject, fingerprint: str) -> StoredObject:
        """Note on the object that its content was checked against the fingerprint, so that it need not be copied again."""
        blob = self.blob(stored.name)
        blob.metadata = {FINGERPRINT: fingerprint}
        with storage_errors(f"marking {self.url}{stored.name}", right=RIGHT):
            blob.patch(if_generation_match=stored.generation)
        return replace(stored, fingerprint=fingerprint)

    def remove(self, stored: StoredObject) -> None:
        """Remove exactly this generation, for good: a wrong content is not worth a noncurrent version."""
        blob = self._bucket.blob(self.prefix + stored.name, generation=stored.generation)
        with storage_errors(f"removing {self.url}{stored.name}", right=RIGHT):
            blob.delete()

    def read_manifest(self) -> Manifest | None:
        """The manifest, or None where there is none yet."""
        with storage_errors(f"reading {self.url}{MANIFEST}", right=RIGHT):
            try:
                content = self.blob(MANIFEST).download_as_bytes()
            except NotFound:
                return None
        return read_manifest(content, self.url + MANIFEST)

    def write_manifest(self, manifest: Manifest) -> bool:
        """Write the manifest where there is none; returns False, and changes nothing, where another has written one."""
        with storage_errors(f"writing {self.url}{MANIFEST}", right=RIGHT):
            try:
                self.blob(MANIFEST).upload_from_string(
                    manifest.to_json(), content_type="application/json", if_generation_match=0, checksum="crc32c"
                )
            except PreconditionFailed:
                return False
        return True


def is_folder_marker(blob: storage.Blob) -> bool:
    """Whether it is the empty object that stands for a folder in consoles and FUSE mounts."""
    return str(blob.name).endswith("/") and not blob.size


def _stored(blob: storage.Blob, name: str) -> StoredObject:
    fingerprint = (blob.metadata or {}).get(FINGERPRINT)
    return StoredObject(name, int(blob.size or 0), str(blob.crc32c), int(blob.generation or 0), fingerprint)
