"""One chart of a report: a bar for each team or deployment in parts, as an SVG that stands inside a page. Pure.

Parts differ in lightness, so that they are told apart in grey too (matplotlib's colour-blind safe cycle), and each is also
written: what a picture shows is read out by its title. Nothing of it comes from anywhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape

from components.cost.money import dollars

WIDTH, BAR, ROW, NAME = 340, 16, 40, 13
#: Part, colour.
COLOURS = {
    "serving": "#0072B2",
    "waiting": "#E69F00",
    "not told apart": "#CC79A7",
    "shared GPU": "#56B4E9",
    "idle nodes": "#D55E00",
    "common": "#999999",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; a mark stands where a limit is."""

    name: str
    parts: tuple[tuple[str, Decimal], ...]
    words: str
    mark: Decimal | None = None


def bars(title: str, found: Sequence[Bar]) -> str:
    """The chart. It is as wide as the page is, and its letters grow with it."""
    whole = [max(sum((usd for _, usd in bar.parts), Decimal(0)), bar.mark or Decimal(0)) for bar in found]
    most = max(whole, default=Decimal(0)) or Decimal(1)
    height = ROW * len(found)
    lines = [
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" xmlns="http://www.w3.org/2000/svg">',
        f"<title>{escape(title)}</title>",
    ]
    for row, bar in enumerate(found):
        top = row * ROW
        lines.append(f'<text x="0" y="{top + NAME}" class="name">{escape(bar.name)}</text>')
        lines.append(f'<text x="{WIDTH}" y="{top + NAME}" class="usd" text-anchor="end">{escape(bar.words)}</text>')
        left = Decimal(0)
        for part, usd in bar.parts:
            if usd <= 0:
                continue
            words = escape(f"{part}: {dollars(usd)}")
            lines.append(
                f'<rect x="{_at(left, most)}" y="{top + NAME + 5}" width="{_at(usd, most)}" height="{BAR}" '
                f'fill="{COLOURS[part]}"><title>{words}</title></rect>'
            )
            left += usd
        if bar.mark is not None:
            at = _at(bar.mark, most)
            lines.append(
                f'<path d="M{at} {top + NAME + 4}v{BAR + 2}" class="mark"><title>{dollars(bar.mark)}</title></path>'
            )
    return "\n".join([*lines, "</svg>"])


def _at(usd: Decimal, most: Decimal) -> str:
    return f"{usd / most * (WIDTH - 2):.2f}"
