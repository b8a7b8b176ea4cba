"""`python -m stacks`: from a wish to a team's file. One command a file, in stacks/wishes/."""

from __future__ import annotations

import typer

from stacks.wishes.check import check
from stacks.wishes.form_fields import deployment_fields, team_fields
from stacks.wishes.new_deployment import new_deployment
from stacks.wishes.new_team import new_team
from stacks.wishes.options import with_flags

app = typer.Typer(
    help="From a wish to a team's file.", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
app.command("new-team")(with_flags(new_team, (*team_fields(), *deployment_fields())))
app.command("new-deployment")(with_flags(new_deployment, deployment_fields()))
app.command()(check)

if __name__ == "__main__":
    app(prog_name="python -m stacks")
