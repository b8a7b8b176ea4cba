"""The schemas of all kinds as kubeconform looks them up, `<group>/<kind>_<version>.json`, closed down to the leaves.

Built-in kinds are those of `kubernetes-validate` for the targeted version. Rules in CEL (`x-kubernetes-validations`) and defaults
are no part of a JSON schema: what they refuse, only an API server does.
"""

from __future__ import annotations

import importlib.resources
import json
import re
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.providers.kubernetes.core_schemas import KINDS, VERSION
from sandbox.providers.kubernetes.definitions import strict_schema
from sandbox.upstream.definitions import definitions, tabled_definitions

#: Folder of the built-in types, a file each: kubeconform reads a file anew for every kind that refers to it.
BUILT_IN = "_built_in"
OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
#: The newest draft in which kubeconform checks formats such as durations.
DRAFT = "http://json-schema.org/draft-07/schema#"


def schema_folder() -> Path:
    """Where the schemas lie while this process runs. Raises SetupError when a module cannot be had."""
    return Path(_written().name)


def known_kinds() -> list[tuple[str, str]]:
    """(apiVersion, kind in lower case) of every schema."""
    files = sorted(schema_folder().glob("[!_]*/*.json"))
    named = [(file.parent.name, *file.stem.rsplit("_", 1)) for file in files]
    return [(version if group == version else f"{group}/{version}", kind) for group, kind, version in named]


@cache
def built_in_types() -> dict[str, Any]:
    """All built-in types by name, which refer to each other as files of one folder."""
    name = f"kubernetes-json-schema/v{VERSION}.0-local-strict/_definitions.json"
    text = importlib.resources.files("kubernetes_validate").joinpath(name).read_text(encoding="utf-8")
    return json.loads(re.sub(r'"#/\$defs/([^"]+)"', r'"\1.json"', text))["$defs"]


@cache
def _written() -> tempfile.TemporaryDirectory[str]:
    made = tempfile.TemporaryDirectory()
    folder = Path(made.name)
    for name, schema in built_in_types().items():
        _put(folder / BUILT_IN / f"{name}.json", schema)
        for kind in schema.get(KINDS, ()):
            api_version = f"{kind['group']}/{kind['version']}" if kind["group"] else kind["version"]
            _put(_place(folder, api_version, kind["kind"]), {"$ref": f"../{BUILT_IN}/{name}.json"})
    metadata = {"$ref": f"../{BUILT_IN}/{OBJECT_META}.json"}
    for api_version, kind, schema in _custom():
        schema["properties"]["metadata"] = metadata
        _put(_place(folder, api_version, kind), {"$schema": DRAFT, **schema})
    return made


def _custom() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(apiVersion, kind, schema) of each served version of each definition."""
    for definition in (*definitions(), *tabled_definitions()):
        spec = definition["spec"]
        for version in spec["versions"]:
            if version.get("served", True):
                schema = strict_schema(version["schema"]["openAPIV3Schema"], root=True)
                yield f"{spec['group']}/{version['name']}", spec["names"]["kind"], schema


def _place(folder: Path, api_version: str, kind: str) -> Path:
    group, _, version = api_version.partition("/")
    return folder / group / f"{kind.lower()}_{version or group}.json"


def _put(file: Path, schema: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(schema), encoding="utf-8")
