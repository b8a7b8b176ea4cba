"""Every command of this project that a document shows, once: what `make` and `python -m` are asked to do."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from tests.docs.command_lines import commands
from tests.docs.command_tables import all_rows
from tests.docs.documents import blocks, spans
from tests.docs.programs import check_of
from tests.docs.python_commands import INSTALLED, application_of


@cache
def documented_commands() -> dict[tuple[str, ...], str]:
    """The words of each, without the interpreter (`make`, or a module and what follows), and where it stands first."""
    found: dict[tuple[str, ...], str] = {}
    for words, place in _all():
        if words[0] == "make" or (words[1:2] == ["-m"] and words[2] not in INSTALLED):
            found.setdefault(tuple(words if words[0] == "make" else words[2:]), place)
    return found


def name_of(words: tuple[str, ...]) -> str:
    """What a command does: `make up`, or the module and its command; options and values left out."""
    if words[0] == "make":
        return " ".join(words[:2])
    if words[1:2] == ("audit",):
        return " ".join(words[:2])
    try:
        application = application_of(words[0])
    except ImportError:
        # test_code_blocks.py says so
        return words[0]
    named = hasattr(application, "commands") and words[1:2] and words[1] in application.commands
    return " ".join(words[:2] if named else words[:1])


def needs_arguments(words: tuple[str, ...]) -> bool:
    """Whether a command of a module cannot be called by its name alone."""
    command = application_of(words[0]).commands[words[1]]
    return any(parameter.required for parameter in command.params)


def _all() -> Iterator[tuple[list[str], str]]:
    texts = [(block.text, block.place) for block in blocks() if block.language in ("", "sh", "bash", "console")]
    texts += [(span.text, span.place) for span in spans()]
    for text, place in texts:
        if check_of((text.split() or [""])[0]):
            yield from ((words, place) for words in commands(text))
    for row in all_rows():
        if row.module:
            for text in row.commands:
                yield from ((["python", "-m", row.module, *words], row.place) for words in commands(text))
