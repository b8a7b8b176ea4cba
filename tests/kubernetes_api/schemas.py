"""The schemas of all kinds, written down as kubeconform looks them up: `<group>/<kind>_<version>.json`, closed down to the leaves.

Built-in kinds are those of `kubernetes-validate` for the targeted version. Rules in CEL (`x-kubernetes-validations`) and defaults
are no part of a JSON schema: what they refuse, only an API server does.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.metadata
import importlib.resources
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sandbox.paths import Layout
from sandbox.providers.kubernetes import definitions as conversion
from sandbox.providers.kubernetes.schemas import VERSION
from tests.kubernetes_api import crd_sources, documented
from tests.tools import go_modules

#: Folder of the built-in types, a file each: kubeconform reads a file anew for every kind that refers to it.
BUILT_IN = "_built_in"
OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
#: The newest draft in which kubeconform checks formats such as durations.
DRAFT = "http://json-schema.org/draft-07/schema#"


def schema_folder(layout: Layout) -> Path:
    """Where the schemas lie; writes them when anything that they are made from has changed. Raises SetupError."""
    tools = layout.private / "tools"
    tools.mkdir(parents=True, exist_ok=True)
    folder = tools / f"kubernetes-schemas-{_key()}"
    with (tools / "kubernetes-schemas.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            for old in tools.glob("kubernetes-schemas-*"):
                shutil.rmtree(old)
            part = tools / "kubernetes-schemas-part"
            _write(part)
            part.rename(folder)
    return folder


def known_kinds(folder: Path) -> Iterator[tuple[str, str]]:
    """(apiVersion, kind in lower case) of every schema."""
    for file in sorted(folder.glob("[!_]*/*.json")):
        kind, _, version = file.stem.rpartition("_")
        group = file.parent.name
        yield (version if group == version else f"{group}/{version}"), kind


def _key() -> str:
    """Changes with everything that the schemas are made from."""
    files = [Path(__file__), documented.FILE, go_modules.PINS / "go.sum"]
    files += [Path(str(module.__file__)) for module in (crd_sources, documented, conversion)]
    digest = hashlib.sha256(f"{VERSION} {importlib.metadata.version('kubernetes-validate')}".encode())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def _write(folder: Path) -> None:
    for name, schema in built_in_types().items():
        _put(folder / BUILT_IN / f"{name}.json", schema)
        for kind in schema.get("x-kubernetes-group-version-kind", ()):
            api_version = f"{kind['group']}/{kind['version']}" if kind["group"] else kind["version"]
            _put(_place(folder, api_version, kind["kind"]), {"$ref": f"../{BUILT_IN}/{name}.json"})
    metadata = {"$ref": f"../{BUILT_IN}/{OBJECT_META}.json"}
    for api_version, kind, schema in (*_custom(), *documented.documented_kinds()):
        schema["properties"]["metadata"] = metadata
        _put(_place(folder, api_version, kind), {"$schema": DRAFT, **schema})


def built_in_types() -> dict[str, Any]:
    """All built-in types by name, which refer to each other as files of one folder."""
    name = f"kubernetes-json-schema/v{VERSION}.0-local-strict/_definitions.json"
    text = importlib.resources.files("kubernetes_validate").joinpath(name).read_text(encoding="utf-8")
    return json.loads(re.sub(r'"#/\$defs/([^"]+)"', r'"\1.json"', text))["$defs"]


def _custom() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(apiVersion, kind, schema) of each served version of each definition."""
    for definition in crd_sources.definitions():
        spec = definition["spec"]
        for version in spec["versions"]:
            if version.get("served", True):
                schema = conversion.strict_schema(version["schema"]["openAPIV3Schema"], root=True)
                yield f"{spec['group']}/{version['name']}", spec["names"]["kind"], schema


def _place(folder: Path, api_version: str, kind: str) -> Path:
    group, _, version = api_version.partition("/")
    return folder / group / f"{kind.lower()}_{version or group}.json"


def _put(file: Path, schema: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(schema), encoding="utf-8")
