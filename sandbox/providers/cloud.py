"""The stand-ins' "cloud": one JSON file a resource, written whole or not at all, so that it outlives each run."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VARIABLE = "SANDBOX_CLOUD"
FAULTS = ("fail", "hang")


class CloudError(Exception):
    """What the real API would answer with an error status."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """A folder of resources: `<folder>/<kind>/<digest of the id>.json` holds id, inputs and outputs."""

    folder: Path

    @classmethod
    def of_environment(cls) -> Cloud:
        """The folder that the sandbox names. Raises CloudError when it names none."""
        folder = os.environ.get(VARIABLE)
        if not folder:
            raise CloudError(f"{VARIABLE} is not set: the stand-ins are started by the sandbox only")
        return cls(Path(folder))

    def get(self, kind: str, resource_id: str) -> dict[str, Any] | None:
        """The record of a resource, or None when it does not exist."""
        try:
            return json.loads(self._file(kind, resource_id).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None

    def all(self, kind: str) -> Iterator[dict[str, Any]]:
        """All records of a kind."""
        for path in sorted(self._folder(kind).glob("*.json")):
            try:
                yield json.loads(path.read_text(encoding="utf-8"))
            except FileNotFoundError:
                continue  # deleted meanwhile by another operation

    def create(self, kind: str, resource_id: str, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> None:
        """Adds a resource. Raises CloudError when there is one of that id; of several at once exactly one succeeds."""
        path, scratch = self._written(kind, resource_id, inputs, outputs)
        try:
            os.link(scratch, path)
        except FileExistsError:
            raise CloudError(f"Error 409: {resource_id} already exists, alreadyExists") from None
        finally:
            scratch.unlink()

    def put(self, kind: str, resource_id: str, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> None:
        """Writes a resource, whether it exists or not."""
        path, scratch = self._written(kind, resource_id, inputs, outputs)
        scratch.replace(path)

    def delete(self, kind: str, resource_id: str) -> None:
        """Removes a resource; one that is gone already is no error, as with the real providers."""
        self._file(kind, resource_id).unlink(missing_ok=True)

    def objects(self, bucket: str) -> list[Path]:
        """Files that stand for the objects of a bucket; a test or a user puts them there."""
        folder = self.folder / "objects" / bucket
        return [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []

    def fault(self, resource_name: str) -> str | None:
        """The fault that `faults.json` sets for a resource of that Pulumi name: "fail", "hang" or None.

        Raises CloudError for a file that says anything else.
        """
        try:
            faults = json.loads((self.folder / "faults.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except json.JSONDecodeError as error:
            raise CloudError(f"faults.json is not valid JSON: {error}") from None
        if not isinstance(faults, dict) or any(fault not in FAULTS for fault in faults.values()):
            raise CloudError(f"faults.json must map names of resources to one of {', '.join(FAULTS)}")
        return faults.get(resource_name)

    def _written(
        self, kind: str, resource_id: str, inputs: Mapping[str, Any], outputs: Mapping[str, Any]
    ) -> tuple[Path, Path]:
        """(the resource's file, a complete file beside it that is yet to take its place)."""
        path = self._file(kind, resource_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}.part")
        record = {"id": resource_id, "inputs": dict(inputs), "outputs": dict(outputs)}
        scratch.write_text(json.dumps(record, indent=1, sort_keys=True), encoding="utf-8")
        return path, scratch

    def _folder(self, kind: str) -> Path:
        return self.folder / kind.replace("/", "_").replace(":", "_")

    def _file(self, kind: str, resource_id: str) -> Path:
        return self._folder(kind) / f"{hashlib.sha256(resource_id.encode()).hexdigest()[:20]}.json"
