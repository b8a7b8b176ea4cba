"""Commands and flags of pulumi that documents name are those of the engine that the sandbox runs."""

from __future__ import annotations

import os
import re
import subprocess
from functools import cache

import pytest

from sandbox.paths import Layout
from tests.docs.command_lines import commands
from tests.docs.documents import blocks, spans

pytestmark = pytest.mark.slow


def documented() -> dict[tuple[str, ...], str]:
    """The words behind `pulumi` of every command that a document shows, and where."""
    texts = [(block.text, block.place) for block in blocks() if block.language in ("", "sh", "bash", "console")]
    texts += [(span.text, span.place) for span in spans()]
    found: dict[tuple[str, ...], str] = {}
    for text, place in texts:
        if re.search(r"\bpulumi ", text) and not text.lstrip().startswith("{"):
            for words in commands(text):
                if words[0] == "pulumi":
                    found.setdefault(tuple(words[1:]), place)
    return found


@cache
def help_of(*words: str) -> str:
    layout = Layout()
    environment = {**os.environ, "PULUMI_HOME": str(layout.home), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    command = [str(layout.engine_programs() / "pulumi"), *words, "--help"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def problems(words: tuple[str, ...]) -> list[str]:
    """What the engine would not know of a command."""
    named = []
    for word in words:
        if word.startswith("-"):
            break
        named.append(word)
    text = help_of(*named)
    usage = re.search(r"^Usage:\n  pulumi ?(.*)$", text, re.MULTILINE)
    path = re.split(r" ?[\[<-]", usage[1])[0].split() if usage else []
    aliases = re.search(r"^Aliases:\n  (.*)$", text, re.MULTILINE)
    names = set(aliases[1].split(", ")) if aliases else set()
    if named and (not path or named[: len(path) - 1] != path[:-1] or named[len(path) - 1] not in {path[-1], *names}):
        return [f"pulumi has no command '{' '.join(named)}'"]
    if "Available Commands:" in text and len(named) > len(path):
        return [f"pulumi {' '.join(path)} has no command '{named[len(path)]}'"]
    flags = [word.partition("=")[0] for word in words if word.startswith("--")]
    return [f"pulumi {' '.join(path)} has no flag {flag}" for flag in flags if not re.search(rf"{flag}\b", text)]


def test_the_engine_knows_every_command_and_flag_that_is_documented() -> None:
    found = documented()
    assert len(found) > 10
    wrong = [f"{place}: {line}" for words, place in found.items() for line in problems(words)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("previw",), "no command 'previw'"),
        (("stack", "initiate", "dev"), "no command 'initiate'"),
        (("preview", "--polcy-pack", "policy"), "no flag --polcy-pack"),
    ],
)
def test_a_command_or_flag_that_the_engine_lacks_is_told(words: tuple[str, ...], message: str) -> None:
    (told,) = problems(words)
    assert message in told
