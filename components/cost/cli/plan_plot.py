"""The picture of a planned month: each team and the shared part at the least, as expected and at the most, and what is idle."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")  # no window: the picture goes to a file

import matplotlib.pyplot as plt
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import StrMethodFormatter

from components.cost.errors import CostError
from components.cost.money import dollars
from components.cost.plan.amounts import Amounts, total
from components.cost.plan.environment_cost import EnvironmentCost

FORMATS = (".svg", ".png")
#: Told apart also in grey (matplotlib's colour-blind safe cycle).
IDLE, BUSY, PEAK = "#E69F00", "#0072B2", "#BBBBBB"
#: Lines that fit on a picture that can still be read; the smallest together make the last one.
MOST_LINES = 24


def check_target(target: Path) -> None:
    """Refuses what is no picture, and a folder that is not there."""
    if target.suffix not in FORMATS:
        raise CostError(f"--plot: '{target.name}' ends with '{target.suffix}'; allowed: {', '.join(FORMATS)}")
    if not target.parent.is_dir():
        raise CostError(f"--plot: there is no folder '{target.parent}'")


def draw(cost: EnvironmentCost, target: Path) -> None:
    """Writes the picture. Raises CostError for another format than .svg or .png."""
    check_target(target)
    lines = _lines(cost)
    with mpl.rc_context({"font.size": 9, "svg.fonttype": "none", "svg.hashsalt": "gemma-platform"}):
        figure, axes = plt.subplots(figsize=(9, 1.8 + 0.42 * len(lines)), layout="constrained")
        for row, (_, amounts) in enumerate(lines):
            busy = amounts.expected - amounts.idle
            axes.barh(row, float(amounts.peak), color=PEAK, height=0.7)
            axes.barh(row, float(busy), color=BUSY, height=0.5)
            axes.barh(row, float(amounts.idle), left=float(busy), color=IDLE, height=0.5)
            axes.plot([float(amounts.minimum)] * 2, [row - 0.4, row + 0.4], color="black", linewidth=1.5)
            words = f"{dollars(amounts.expected)}"
            if amounts.peak != amounts.expected:
                words += f", at most {dollars(amounts.peak)}"
            axes.annotate(
                words, (float(amounts.peak), row), textcoords="offset points", xytext=(5, -3), annotation_clip=False
            )
        axes.set_yticks(range(len(lines)), [name for name, _ in lines])
        axes.invert_yaxis()
        most = max((amounts.peak for _, amounts in lines), default=Decimal(0))
        axes.set_xlim(0, float(most) * 1.35 or 1)
        axes.set_xlabel("USD a month of 730 hours")
        month = cost.total
        axes.set_title(
            f"{cost.environment}: {dollars(month.expected)} a month expected, {dollars(month.minimum)} to {dollars(month.peak)}",
            loc="left",
        )
        patches = [
            Patch(color=BUSY, label="expected"),
            Patch(color=IDLE, label="of it idle: minimum replicas outside the active hours"),
            Patch(color=PEAK, label="all replicas all month"),
            Line2D([], [], color="black", label="minimum"),
        ]
        figure.legend(handles=patches, loc="outside lower center", ncols=4, frameon=False)
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        axes.set_axisbelow(True)
        axes.grid(axis="x", alpha=0.3)
        # without a date the same input gives the same bytes
        metadata = {"Date": None} if target.suffix == ".svg" else {"Software": None}
        figure.savefig(target, dpi=150, metadata=metadata)
        plt.close(figure)


def _lines(cost: EnvironmentCost) -> list[tuple[str, Amounts]]:
    """Deployments by expected cost, then the shared part."""
    largest = sorted(cost.deployments, key=lambda each: (-each.amounts.expected, each.deployment))
    lines = [(each.deployment, each.amounts) for each in largest[:MOST_LINES]]
    if rest := largest[MOST_LINES:]:
        lines.append((f"{len(rest)} others", total(each.amounts for each in rest)))
    return [*lines, ("shared", cost.shared_total)]
