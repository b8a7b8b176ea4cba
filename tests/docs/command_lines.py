"""Takes shell text apart into the commands that it runs. Knows no program."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

#: Stands for what a reader fills in: `<environment>`.
FILLED_IN = "FILLED-IN"
_TO_FILL_IN = re.compile(r"<[A-Za-z][^<>|&\n]*>")
_OPTIONAL = re.compile(r"\[(-[^\]\n]*|[A-Z]+=[^\]\n]*)\]")
_SUBSTITUTED = re.compile(r"\$\(([^()]*)\)")
_ASSIGNMENT = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*=")
_BETWEEN = {"|", "||", "&&", ";", "&"}
_REDIRECTIONS = {"<", ">", ">>", "2>", "&>"}


def commands(text: str) -> list[list[str]]:
    """The words of every command, without redirections, comments and settings of variables before it.

    What a reader fills in becomes FILLED_IN; what is optional counts as given. Raises ValueError for what is no shell text.
    """
    joined = re.sub(r"\\\n\s*", " ", text)
    return [command for line in joined.splitlines() for command in _of_line(line)]


def _of_line(line: str) -> Iterator[list[str]]:
    line = re.sub(r"(^|\s)#(\s.*)?$", "", line).strip().removeprefix("$ ")
    line = _OPTIONAL.sub(r"\1", _TO_FILL_IN.sub(FILLED_IN, line))
    for inner in _SUBSTITUTED.findall(line):
        yield from _of_line(inner)
    lexer = shlex.shlex(_SUBSTITUTED.sub(FILLED_IN, line), posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split, lexer.commenters = True, ""
    words: list[str] = []
    skip = False
    for word in lexer:
        if skip:
            skip = False
        elif word in _REDIRECTIONS:
            skip = True
            words = words[:-1] if words[-1:] == ["2"] else words
        elif word in _BETWEEN:
            yield from _command(words)
            words = []
        else:
            words.append(word)
    yield from _command(words)


def _command(words: list[str]) -> Iterator[list[str]]:
    while words and _ASSIGNMENT.match(words[0]):
        words = words[1:]
    # "and so on"
    if words := [word for word in words if word != "..."]:
        yield words
