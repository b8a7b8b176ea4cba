"""Newer Go tools of the tests and of the sandbox: told, not changed. A person builds and tries each, and runs `go get` then."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from pipeline.errors import CiError
from pipeline.pins.requirements import Update

_TOOL = re.compile(r"(?m)^(?:tool\s+|\t)(\S+)$")
_REQUIRED = re.compile(r"(?m)^(?:require\s+|\t)(\S+) (v\S+)")
#: Gives (module -> newest version) for those of a folder's modules that have a newer one.
Newest = Callable[[Path, list[str]], dict[str, str]]


def newest(folder: Path, modules: list[str]) -> dict[str, str]:
    """Asks Go, which asks its module proxy. Raises CiError."""
    env = {**os.environ, "GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": "-mod=readonly"}
    command = ["go", "list", "-m", "-u", "-json", *modules]
    answer = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    if answer.returncode != 0:
        raise CiError(f"Go cannot say what is newer for {folder.name}:\n{answer.stderr.strip()}")
    decoder, text, found = json.JSONDecoder(), answer.stdout.strip(), {}
    while text:
        module, end = decoder.raw_decode(text)
        text = text[end:].lstrip()
        if "Update" in module:
            found[module["Path"]] = module["Update"]["Version"]
    return found


#: go.mod files that name tools.
PLACES = (
    "sandbox/cluster/modules/*/go.mod",
    "sandbox/engine/go.mod",
    "sandbox/upstream/helm_program/go.mod",
    "tests/tools/*/go.mod",
)


def look(root: Path, ask: Newest = newest) -> list[Update]:
    """What is newer than what the go.mod files name as tools."""
    updates: set[tuple[str, str, str]] = set()
    for file in sorted(file for place in PLACES for file in root.glob(place)):
        versions = tool_modules(file.read_text(encoding="utf-8"))
        for module, version in ask(file.parent, list(versions)).items() if versions else ():
            updates.add((module, versions[module], version))
    return [Update(*one) for one in sorted(updates)]


def tool_modules(text: str) -> dict[str, str]:
    """Modules of the packages that a go.mod names as tools, with their versions."""
    required = dict(_REQUIRED.findall(text))
    found = {}
    for package in _TOOL.findall(text):
        owners = [module for module in required if package == module or package.startswith(f"{module}/")]
        if owners:
            module = max(owners, key=len)
            found[module] = required[module]
    return found
