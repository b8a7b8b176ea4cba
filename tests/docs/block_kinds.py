"""Says what a block of a document is, and what checks a block of that kind. A block of no kind is untested."""

from __future__ import annotations

import ast
import importlib.util
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import yaml

from sandbox.providers.gcp import quotas
from tests.committed_files import ROOT
from tests.docs.command_lines import commands
from tests.docs.documents import Block
from tests.docs.programs import check_of, problems_of_command
from tests.docs.yaml_blocks import kind_and_check

#: Pages that code writes whole or into a template, and the test that holds each against what is written now.
GENERATED: Mapping[str, tuple[tuple[str, ...], str]] = {
    "docs/components.md": (("components.md.j2",), "tests/unit/components/test_package_page.py"),
    "docs/cost.md": (("cost.md.j2", "cost_opencost.md.j2", "cost_showback.md.j2"), "tests/unit/cost/test_cost_page.py"),
    "docs/decide.md": (("decide.md.j2",), "tests/unit/stacks/test_decide_page.py"),
    "docs/deployer-roles.md": (("deployer-roles.md.j2",), "tests/unit/stacks/test_google_page.py"),
    "docs/google.md": (("google.md.j2",), "tests/unit/stacks/test_google_page.py"),
    "docs/policies.md": (("policies.md.j2",), "tests/policy/test_page.py"),
    "docs/serving.md": (("serving.md.j2",), "tests/unit/stacks/test_serving_page.py"),
    "docs/settings.md": ((), "tests/unit/test_structure.py"),
    "docs/sizing.md": (("sizing.md.j2",), "tests/unit/test_structure.py"),
    "docs/sizing-evidence.md": ((), "tests/unit/test_structure.py"),
    "docs/sizing-table.md": ((), "tests/unit/test_structure.py"),
}
#: Blocks that a test of their own reads from the document: file and words of the block, the test, and a word that it looks for.
ELSEWHERE: Mapping[tuple[str, str], tuple[str, str]] = {
    ("README.md", "found 262144"): ("tests/docs/test_readme.py", "found 262144"),
    ("docs/components.md", "wrong arguments;"): ("tests/docs/test_components_page.py", "docs/components.md"),
    ("docs/ci.md", "stages: ["): ("tests/ci/test_gitlab.py", "## GitLab"),
    ("examples/policy-consumer/README.md", "documents: has"): ("tests/examples/test_policy_consumer.py", "documents: "),
}
#: Formulas in indented blocks, by their first words: where they are computed, and the test that computes them otherwise.
FORMULAS: Mapping[str, tuple[str, str]] = {
    "price of a replica-hour x": ("components/cost/break_even", "tests/unit/cost"),
    "key = ": ("components/cost/showback", "tests/unit/cost"),
}
#: Languages of which this project compiles whole programs: a block is a part of one of them.
EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "typescript": ("examples/**/*.ts",),
    "ts": ("examples/**/*.ts",),
    "go": ("examples/**/*.go",),
}
OWN = ("components", "stacks", "policy")
SHELL = ("sh", "bash", "console")
FOLLOWED = "docs/CONTRIBUTING.md"


@dataclass(frozen=True, slots=True)
class Kind:
    """What a block is; `check` gives what is wrong with it."""

    name: str
    check: Callable[[Block], list[str]]


def kind_of(block: Block) -> Kind | None:
    """The kind of a block; None where nothing would check it."""
    if " file=" in block.info:
        return Kind("file that is written", _followed)
    if _is_generated(block):
        return Kind("generated", _has_staleness_test)
    if _elsewhere(block) is not None:
        return Kind("read by a test of its own", _read_elsewhere)
    language = block.language
    if language in ("yaml", "yml"):
        return _yaml(block)
    if language == "indented":
        return next((Kind("formula", _formula) for start in FORMULAS if block.text.startswith(start)), None)
    if language == "python":
        return Kind("python", _python)
    if language == "json" or (not language and block.text.lstrip().startswith(("{", "["))):
        return Kind("json", _json)
    if language in EXAMPLES:
        return Kind("part of an example", _part_of_an_example)
    if language in SHELL or (not language and _is_shell(block.text)):
        return Kind("commands", _commands)
    return None


def _is_generated(block: Block) -> bool:
    """True for a block that a page's templates do not hold as it stands, but for how far it is moved in."""
    if block.file not in GENERATED:
        return False
    return _moved_out(block.text) not in _moved_out("".join(_template(name) for name in GENERATED[block.file][0]))


def _moved_out(text: str) -> str:
    return "\n".join(line.strip() for line in text.splitlines())


@cache
def _template(name: str) -> str:
    return (ROOT / "docs" / "templates" / name).read_text(encoding="utf-8")


def _has_staleness_test(block: Block) -> list[str]:
    test = ROOT / GENERATED[block.file][1]
    found = test.exists() and "stale" in test.read_text(encoding="utf-8")
    return [] if found else [f"{GENERATED[block.file][1]} does not hold {block.file} against what is generated"]


def _followed(block: Block) -> list[str]:
    return [] if block.file == FOLLOWED else [f"only {FOLLOWED} is followed by a test; leave out file= here"]


def _yaml(block: Block) -> Kind | None:
    try:
        known = kind_and_check(yaml.safe_load(block.text))
    except yaml.YAMLError as error:
        message = f"no YAML: {error}"
        return Kind("yaml", lambda _: [message])
    if known is None:
        return None
    name, check = known
    return Kind(name, lambda one: check(yaml.safe_load(one.text)))


def _formula(block: Block) -> list[str]:
    found = next(paths for start, paths in FORMULAS.items() if block.text.startswith(start))
    return [f"there is no {path}" for path in found if not list(ROOT.glob(f"{path}*"))]


def _python(block: Block) -> list[str]:
    try:
        tree = ast.parse(block.text)
    except SyntaxError as error:
        return [f"no Python: {error}"]
    return [problem for node in ast.walk(tree) for problem in _import_problems(node)]


def _import_problems(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        names = [(alias.name, "") for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        names = [(node.module, alias.name) for alias in node.names]
    else:
        return []
    return [f"cannot import {name} {part}".strip() for name, part in names if not _can_be_imported(name, part)]


def _can_be_imported(name: str, part: str) -> bool:
    """Whether there is such a module, and such a name in it. A module of another project is only looked for."""
    try:
        spec = importlib.util.find_spec(name)
    except ImportError:
        return False
    if spec is None or not part or name.split(".")[0] not in OWN:
        return spec is not None
    module = importlib.import_module(name)
    return hasattr(module, part) or (hasattr(module, "__path__") and bool(importlib.util.find_spec(f"{name}.{part}")))


def _json(block: Block) -> list[str]:
    try:
        content = json.loads(block.text)
    except json.JSONDecodeError as error:
        return [f"no JSON: {error}"]
    if isinstance(content, dict) and any("-per-project" in key for key in content):
        return [f"the quota file knows no '{key}'" for key in content if key not in quotas.QUOTAS]
    return []


def _part_of_an_example(block: Block) -> list[str]:
    """Lines that no compiled program holds in this order."""
    lines = [line.strip() for line in block.text.splitlines() if line.strip()]
    files = [
        path for pattern in EXAMPLES[block.language] for path in ROOT.glob(pattern) if "node_modules" not in str(path)
    ]
    for path in files:
        rest = iter([line.strip() for line in path.read_text(encoding="utf-8").splitlines()])
        if all(line in rest for line in lines):
            return []
    return [f"no file of {', '.join(EXAMPLES[block.language])} has these lines in this order"]


def _is_shell(text: str) -> bool:
    try:
        words = [command[0] for command in commands(text)]
    except ValueError:
        return False
    return bool(words) and all(check_of(word) for word in words)


def _commands(block: Block) -> list[str]:
    try:
        return [problem for command in commands(block.text) for problem in problems_of_command(command)]
    except ValueError as error:
        return [f"no shell text: {error}"]


def _elsewhere(block: Block) -> tuple[str, str] | None:
    return next((test for (file, words), test in ELSEWHERE.items() if block.file == file and words in block.text), None)


def _read_elsewhere(block: Block) -> list[str]:
    test, words = _elsewhere(block) or ("", "")
    return [] if words in (ROOT / test).read_text(encoding="utf-8") else [f"{test} says nothing of '{words}'"]
