"""Newer Go tools of the tests and of the sandbox: told, not changed. A person builds and tries each, and runs `go get` then."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import CiError
from pipeline.pins.requirements import Update

_TOOL = re.compile(r"(?m)^(?:tool\s+|\t)(\S+)$")
_REQUIRED = re.compile(r"(?m)^(?:require\s+|\t)(\S+) (v\S+)")


@dataclass(frozen=True)
class Answer:
    """What Go's module proxy says of the modules that it was asked about."""

    #: The newest version of those that have a newer one, by module.
    newest: dict[str, str]
    #: Why nothing can be said of a module.
    unknown: dict[str, str]


#: Asks about some of a folder's modules.
Ask = Callable[[Path, list[str]], Answer]


def newest(folder: Path, modules: list[str]) -> Answer:
    """Asks Go, which asks its module proxy. Raises CiError where Go cannot read the folder's go.mod."""
    env = {**os.environ, "GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": "-mod=readonly"}
    # -e: a module that the proxy does not list stands beside the others, with its error
    command = ["go", "list", "-m", "-u", "-e", "-json", *modules]
    answer = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    if answer.returncode != 0:
        raise CiError(f"Go cannot say what is newer for {folder.name}:\n{answer.stderr.strip()}")
    decoder, text, found = json.JSONDecoder(), answer.stdout.strip(), Answer({}, {})
    while text:
        module, end = decoder.raw_decode(text)
        text = text[end:].lstrip()
        if "Error" in module:
            found.unknown[module["Path"]] = " ".join(module["Error"]["Err"].split())
        elif "Update" in module:
            found.newest[module["Path"]] = module["Update"]["Version"]
    return found


#: go.mod files that name tools.
PLACES = (
    "sandbox/cluster/modules/*/go.mod",
    "sandbox/engine/go.mod",
    "sandbox/upstream/helm_program/go.mod",
    "tests/tools/*/go.mod",
)


@dataclass(frozen=True)
class GoTools:
    """What is newer than the tools that are pinned, and of which modules nobody could say."""

    newer: list[Update]
    unknown: dict[str, str]


def look(root: Path, ask: Ask = newest) -> GoTools:
    """What is newer than what the go.mod files name as tools. Raises CiError where nothing at all could be learned."""
    updates: set[tuple[str, str, str]] = set()
    asked: set[str] = set()
    unknown: dict[str, str] = {}
    for file in sorted(file for place in PLACES for file in root.glob(place)):
        versions = tool_modules(file.read_text(encoding="utf-8"))
        if not versions:
            continue
        answer = ask(file.parent, list(versions))
        asked |= versions.keys()
        unknown |= answer.unknown
        updates |= {(module, versions[module], version) for module, version in answer.newest.items()}
    if asked and asked == unknown.keys():
        raise CiError("the module proxy says nothing of any Go tool, first: " + next(iter(unknown.values())))
    return GoTools([Update(*one) for one in sorted(updates)], unknown)


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
