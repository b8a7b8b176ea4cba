"""The documents of the project, and what is in them: blocks of code, commands in sentences and tables, links, headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.committed_files import ROOT

#: Every Markdown file that people read; tests/data explains fixtures, tests/**/golden are reports.
PLACES = ("*.md", "docs/**/*.md", "sandbox/*.md", "examples/**/*.md", ".github/**/*.md", "components/**/*.md")
#: Says what changed in the past; its words need not be true of today.
CHANGELOG = "docs/changelog.md"


@dataclass(frozen=True, slots=True)
class Part:
    """Something in a document, by its first line."""

    file: str
    line: int

    @property
    def place(self) -> str:
        """Where it stands, as an editor opens it."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Block(Part):
    """One block of code: fenced, its line being that of the opening fence, or indented (then `info` is "indented")."""

    info: str
    text: str

    @property
    def language(self) -> str:
        """First word of what stands behind the fence."""
        return self.info.split()[0] if self.info.split() else ""


@dataclass(frozen=True, slots=True)
class Span(Part):
    """Code within a line of text."""

    text: str


@dataclass(frozen=True, slots=True)
class Link(Part):
    """A link to somewhere."""

    target: str


@cache
def documents() -> tuple[str, ...]:
    """All documents, as paths from the project's folder. What a tool installed into an example is none."""
    found = {path for pattern in PLACES for path in ROOT.glob(pattern)}
    names = {path.relative_to(ROOT).as_posix() for path in found}
    return tuple(sorted(name for name in names if "node_modules" not in name and "/.venv/" not in name))


@cache
def blocks() -> tuple[Block, ...]:
    """Every block of code of every document."""
    return tuple(block for file in documents() for block in blocks_of(file, _text(file)))


@cache
def spans() -> tuple[Span, ...]:
    """All code in sentences and tables of every document but the changelog."""
    return tuple(
        Span(file, line, child.content)
        for file in documents()
        if file != CHANGELOG
        for line, token in _inline(_text(file))
        for child in token.children or []
        if child.type == "code_inline"
    )


def blocks_of(file: str, text: str) -> Iterator[Block]:
    """The blocks of one text."""
    for token in _parsed(text):
        if token.map and token.type in ("fence", "code_block"):
            info = token.info.strip() if token.type == "fence" else "indented"
            yield Block(file, token.map[0] + 1, info, token.content)


def links_of(file: str, text: str) -> Iterator[Link]:
    """The links and pictures of one text."""
    for line, token in _inline(text):
        for child in token.children or []:
            target = child.attrGet("href" if child.type == "link_open" else "src")
            if child.type in ("link_open", "image") and isinstance(target, str):
                yield Link(file, line, target)


def anchors_of(text: str) -> set[str]:
    """What links to headings of a text may name: GitHub's form of each heading."""
    found: list[str] = []
    tokens = _parsed(text)
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            words = "".join(child.content for child in tokens[index + 1].children or [])
            slug = re.sub(r"[^\w\- ]", "", words.strip().lower()).replace(" ", "-")
            # a second heading of one name gets a number
            found.append(slug if slug not in found else f"{slug}-{found.count(slug)}")
    return {*found, *re.findall(r'<a (?:id|name)="([^"]+)"', text)}


def _inline(text: str) -> Iterator[tuple[int, Token]]:
    """(line, token) of everything with text; cells of a table get the line of their row."""
    line = 1
    for token in _parsed(text):
        if token.map:
            line = token.map[0] + 1
        if token.type == "inline":
            yield line, token


@cache
def _parsed(text: str) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(text)


def _text(file: str) -> str:
    return (ROOT / file).read_text(encoding="utf-8")
