"""Parts of a report's Markdown: text that is safe in a comment, tables that can be cut short, and what is folded away. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence

from components import markdown
from components.preview_report.folding import Block

#: Rows of a table that is cut short.
FEW_ROWS = 20
#: Characters of a cell in a table that is cut short.
FEW_CHARACTERS = 300


def plain(text: str) -> str:
    """Text as it is, in one line: nothing in it is taken for a tag of HTML, or for the fence of a block."""
    return " ".join(text.split()).replace("<", "&lt;").replace("```", "'''")


def table(header: Sequence[str], rows: Iterable[Sequence[str]], right: Container[int] = ()) -> str:
    """A table of such text."""
    return markdown.table(header, [[plain(cell) for cell in row] for row in rows], right)


def table_block(
    heading: str, header: Sequence[str], rows: Sequence[Sequence[str]], sums: Sequence[Sequence[str]] = ()
) -> Block:
    """A table below its heading; where it must be short it has the first rows, and says how many are left out."""
    right = frozenset(number for number, name in enumerate(header) if name in ("before", "after", "diff"))

    def written(chosen: Sequence[Sequence[str]], more: Sequence[Sequence[str]]) -> str:
        return f"{heading}\n\n{table(header, (*chosen, *more, *sums), right)}"

    full = written(rows, ())
    cut = [[cell if len(cell) <= FEW_CHARACTERS else f"{cell[:FEW_CHARACTERS]} ..." for cell in row] for row in rows]
    left = len(rows) - FEW_ROWS
    note = [[f"{left} more", *[""] * (len(header) - 1)]] if left > 0 else []
    short = written(cut[:FEW_ROWS], note)
    return Block(full, short if len(short) < len(full) else None)


def folded(title: str, text: str, language: str) -> str:
    """Lines as they are, folded away. Nothing in them can end the block that they stand in."""
    fence = "`" * 4
    return details(title, f"{fence}{language}\n{text.replace(fence, chr(39) * 4)}\n{fence}")


def details(title: str, body: str) -> str:
    """Markdown that is folded away below a title."""
    return f"<details><summary>{plain(title)}</summary>\n\n{body}\n\n</details>"
