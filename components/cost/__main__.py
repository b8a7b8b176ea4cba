"""`python -m components.cost`: what an environment will cost, and what it has cost whom."""

from __future__ import annotations

import typer

from components.cost.cli.break_even import break_even
from components.cost.cli.check_opencost import check_opencost
from components.cost.cli.monitoring import monitoring
from components.cost.cli.plan import plan
from components.cost.cli.prices import prices
from components.cost.cli.report import report

# Without its own traceback, which would print the values of variables.
app = typer.Typer(
    help="What an environment will cost, and what it has cost whom.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.command()(plan)
app.command("break-even")(break_even)
app.command()(prices)
app.command("check-opencost")(check_opencost)
app.command()(report)
app.command()(monitoring)

if __name__ == "__main__":
    app(prog_name="python -m components.cost")
