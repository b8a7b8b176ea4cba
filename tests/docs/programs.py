"""Checks a command of a document by its program. Pure but for reading this project; what a check cannot see is said beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from tests.committed_files import ROOT
from tests.docs.command_lines import FILLED_IN
from tests.docs.python_commands import problems_of_module

Check = Callable[[Sequence[str]], list[str]]

#: Commands of gcloud that documents name, with their flags (cloud.google.com/sdk/gcloud/reference, read 2026-11).
GCLOUD: Mapping[str, frozenset[str]] = {
    "auth application-default login": frozenset(),
    "auth print-identity-token": frozenset(),
    "run jobs execute": frozenset({"--wait", "--async", "--region", "--tasks", "--task-timeout", "--args"}),
    "storage restore": frozenset({"--all-versions", "--async", "--allow-overwrite"}),
    "storage rm": frozenset({"--all-versions", "--recursive"}),
}
#: Flags of every command.
GCLOUD_ALL = {"--project", "--format", "--quiet"}
#: Verbs of kubectl that documents use.
KUBECTL = {"get", "delete", "port-forward", "describe", "logs", "apply"}


def problems_of_command(words: Sequence[str]) -> list[str]:
    """What is wrong with a command; one of a program that nobody checks is a problem by itself."""
    check = check_of(words[0])
    return (
        [f"nobody checks commands of '{words[0]}': add it to tests/docs/programs.py"] if check is None else check(words)
    )


def check_of(program: str) -> Check | None:
    """The check of a program's commands; None for anything else than a known program."""
    if re.fullmatch(r"(\S+/)?(python|python3|pip)", program):
        return _pip if program.endswith("pip") else _python
    if program.startswith((".ci/", "./")):
        return _own_script
    return _CHECKS.get(program)


@cache
def make_targets() -> Mapping[str, str]:
    """Targets of the Makefile and what they run, with the sandbox's command written out."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    [sandbox] = re.findall(r"(?m)^SANDBOX := (.*)$", text)
    text = text.replace("$(SANDBOX)", sandbox)
    found = re.finditer(r"^([a-z][a-z-]*):(?!=).*\n((?:\t.*\n)*)", text, re.MULTILINE)
    return {match[1]: match[2] for match in found}


def _make(words: Sequence[str]) -> list[str]:
    problems, variables = [], {}
    for word in words[1:]:
        name, sign, value = word.partition("=")
        if sign:
            variables[name] = value
        elif word not in make_targets() and word not in (FILLED_IN, "X"):
            problems.append(f"the Makefile has no target '{word}'")
    recipes = "".join(make_targets().get(word, "") for word in words[1:])
    for name, value in variables.items():
        if f"$({name})" not in _expanded(recipes):
            problems.append(f"make {words[1]} does not use {name}")
        if name == "ENV" and value.islower() and not (ROOT / f"Pulumi.{value}.yaml").exists():
            problems.append(f"there is no environment '{value}'")
    return problems


def _expanded(recipe: str) -> str:
    """A recipe with its conditions written as plain uses of their variables."""
    return re.sub(r"\$\(if \$\((\w+)\)", r"$(\1) ", recipe)


def _python(words: Sequence[str]) -> list[str]:
    if words[1:2] == ["-m"] and len(words) > 2:
        return problems_of_module(words[2:])
    if len(words) > 1 and not words[1].startswith("-"):
        return [] if (ROOT / words[1]).exists() else [f"there is no file {words[1]}"]
    return [f"cannot tell what {' '.join(words)} runs"]


def _pip(words: Sequence[str]) -> list[str]:
    if words[1:3] != ["install", "-r"]:
        return [f"{' '.join(words)}: documents install from requirements files only, which are pinned"]
    # a clone of this project lies in a folder of the reader's
    file = words[3].rpartition("/")[2]
    return [] if (ROOT / file).exists() or (ROOT / words[3]).exists() else [f"there is no file {words[3]}"]


def _own_script(words: Sequence[str]) -> list[str]:
    path = ROOT / words[0]
    if not path.exists():
        return [f"there is no {words[0]}"]
    return [] if path.stat().st_mode & 0o111 else [f"{words[0]} cannot be executed"]


def _gcloud(words: Sequence[str]) -> list[str]:
    line = " ".join(words[1:])
    command = next((one for one in GCLOUD if f"{line} ".startswith(f"{one} ")), None)
    if command is None:
        return [f"gcloud {line}: not among the commands that were looked up; look it up and add it"]
    used = {word.partition("=")[0] for word in words if word.startswith("--")}
    return [f"gcloud {command}: unknown flag {flag}" for flag in sorted(used - GCLOUD[command] - GCLOUD_ALL)]


def _kubectl(words: Sequence[str]) -> list[str]:
    if not KUBECTL & set(words):
        return [f"{' '.join(words)}: no verb of kubectl that documents use ({', '.join(sorted(KUBECTL))})"]
    namespaces = [words[at + 1] for at, word in enumerate(words[:-1]) if word == "-n"]
    objects = [word.partition("/")[2] for word in words if re.fullmatch(r"(svc|deployment|job|deploy)/\S+", word)]
    names = [name for name in (*namespaces, *objects) if name != FILLED_IN]
    return [f"{' '.join(words)}: nothing here is called '{name}'" for name in names if name not in _own_words()]


@cache
def _own_words() -> frozenset[str]:
    """Every word of the components and stacks: names of namespaces and objects are among them."""
    files = [path for folder in ("components", "stacks") for path in (ROOT / folder).rglob("*.py")]
    return frozenset(
        word for path in files for word in re.findall(r"[a-z0-9][a-z0-9.-]+", path.read_text(encoding="utf-8"))
    )


def _nothing(words: Sequence[str]) -> list[str]:
    """Of programs that are only taken apart as shell text. pulumi's are held against its help in test_pulumi_commands.py."""
    return []


_CHECKS: Mapping[str, Check] = {
    "make": _make,
    "gcloud": _gcloud,
    "kubectl": _kubectl,
    "pulumi": _nothing,
    "curl": _nothing,
    "git": _nothing,
    "go": _nothing,
    "grep": _nothing,
    "xargs": _nothing,
}
