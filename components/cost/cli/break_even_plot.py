"""The picture of a comparison: the month of each way against requests an hour and against hours a day, with its crossings."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")  # no window: the picture goes to a file

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import StrMethodFormatter

from components.cost.break_even.comparison import Comparison
from components.cost.break_even.comparison_data import points_on, shown, traffic_words
from components.cost.break_even.crossings import Axis, along
from components.cost.break_even.ways import HOURS_OF_DAY
from components.cost.cli.plan_plot import check_target

#: Told apart also in grey (matplotlib's colour-blind safe cycle) and by their strokes.
COLOURS = ("#0072B2", "#D55E00", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#999999", "#000000", "#F0E442")
STROKES = ("-", "--", "-.", ":")
POINTS = 400
JUST_ABOVE = Fraction(1, 1_000_000)


def draw(comparison: Comparison, target: Path) -> None:
    """Writes the picture. Raises CostError for another format than .svg or .png."""
    check_target(target)
    with mpl.rc_context({"font.size": 9, "svg.fonttype": "none", "svg.hashsalt": "gemma-platform"}):
        figure, axes = plt.subplots(2, 1, figsize=(9, 10), layout="constrained")
        figure.suptitle(traffic_words(comparison).replace("): ", ")\n"))
        _against(axes[0], comparison, "requests an hour", comparison.most)
        _against(axes[1], comparison, "hours a day", Fraction(HOURS_OF_DAY))
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
        # without a date the same input gives the same bytes
        metadata = {"Date": None} if target.suffix == ".svg" else {"Software": None}
        figure.savefig(target, dpi=150, metadata=metadata)
        plt.close(figure)


def _against(axes: Axes, comparison: Comparison, axis: Axis, most: Fraction) -> None:
    """One line a way; what is marked are the exact points, not what the drawn lines seem to show."""
    grid = [most * number / POINTS for number in range(1, POINTS + 1)]
    highest = 0.0
    for number, way in enumerate(comparison.ways):
        cost = along(way, comparison.traffic, axis)
        jumps = [step for step in way.steps(most) if 0 < step < most] if axis == "requests an hour" else []
        # both sides of a jump, so that it is drawn upright
        values = sorted({*grid, *jumps, *(step * (1 + JUST_ABOVE) for step in jumps)})
        usd = [float(cost(value)) for value in values]
        highest = max(highest, *usd)
        axes.plot(
            [float(value) for value in values],
            usd,
            STROKES[number % len(STROKES)],
            color=COLOURS[number % len(COLOURS)],
            label=way.name,
        )
    for point in points_on(comparison, axis):
        axes.plot(float(point.at), float(point.usd), "o", color="black", markersize=4)
        axes.annotate(
            shown(point.at), (float(point.at), float(point.usd)), textcoords="offset points", xytext=(4, 4), fontsize=7
        )
    here = comparison.traffic.requests_per_hour if axis == "requests an hour" else comparison.traffic.hours_per_day
    axes.axvline(float(here), color="grey", linewidth=0.8)
    axes.set_xlim(0, float(most))
    axes.set_ylim(0, highest * 1.05 or 1)
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.set_xlabel(f"{axis} (grey: the traffic of the table)")
    axes.set_ylabel("USD a month")
    axes.grid(alpha=0.3)
