"""Links between documents, to headings and to files of the project lead somewhere."""

from __future__ import annotations

import re

import pytest

from tests.committed_files import ROOT
from tests.docs.documents import Link, anchors_of, documents, links_of

OUTSIDE = re.compile(r"^(https?|mailto):")


def problem(link: Link, text: str) -> str | None:
    """What is wrong with a link; those to the world outside are not followed."""
    if OUTSIDE.match(link.target):
        return None
    place, _, anchor = link.target.partition("#")
    path = (ROOT / link.file).parent / place if place else None
    if path is not None and not path.exists():
        return f"{link.file}:{link.line}: there is no {place}"
    if path is not None and not path.resolve().is_relative_to(ROOT):
        return f"{link.file}:{link.line}: {place} is outside of the project"
    if not anchor:
        return None
    if path is not None and path.suffix != ".md":
        return f"{link.file}:{link.line}: {place} has no headings"
    there = path.read_text(encoding="utf-8") if path is not None else text
    return None if anchor in anchors_of(there) else f"{link.file}:{link.line}: {place} has no heading #{anchor}"


def problems(file: str, text: str) -> list[str]:
    """What is wrong with the links of a text."""
    return [found for link in links_of(file, text) if (found := problem(link, text))]


def test_every_link_leads_somewhere() -> None:
    texts = {file: (ROOT / file).read_text(encoding="utf-8") for file in documents()}
    assert sum(len(list(links_of(file, text))) for file, text in texts.items()) > 20
    found = [line for file, text in texts.items() for line in problems(file, text)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("link", "message"),
    [
        ("[a](nothing.md)", "docs/x.md:3: there is no nothing.md"),
        ("[a](cost.md#nothing)", "docs/x.md:3: cost.md has no heading #nothing"),
        ("[a](#nothing)", "docs/x.md:3:  has no heading #nothing"),
        ("[a](../Makefile#help)", "docs/x.md:3: ../Makefile has no headings"),
        ("[a](../../elsewhere)", "docs/x.md:3: there is no ../../elsewhere"),
        ("| a |\n|---|\n| ![a](a.svg) |", "docs/x.md:5: there is no a.svg"),
    ],
)
def test_a_link_that_leads_nowhere_is_told_with_its_place(link: str, message: str) -> None:
    assert problems("docs/x.md", f"# A heading\n\n{link}\n") == [message]


def test_headings_are_named_as_on_github() -> None:
    text = "# A `b` & c: d\n## Twice\n## Twice\n## required-labels\n"
    assert anchors_of(text) == {"a-b--c-d", "twice", "twice-1", "required-labels"}
    assert problems("docs/x.md", "# Here\n\n[a](#here) [b](cost.md) [c](https://example.com/x)\n") == []
