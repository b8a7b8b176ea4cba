"""`report`: what a month has cost whom, by measured use and what was billed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from components.cost.cli.environments import deployed
from components.cost.cli.refusals import refuse
from components.cost.cli.report_environment import ReportEnvironment, read_report_environment
from components.cost.errors import CostError
from components.cost.showback.actuals import read_actuals
from components.cost.showback.billed import Billed, billed
from components.cost.showback.cluster_series import read_cluster
from components.cost.showback.engine_series import Engine, EngineUse, read_engines
from components.cost.showback.items import FAMILIES, Family
from components.cost.showback.month import Month, month_of
from components.cost.showback.prometheus import Prometheus, managed_address
from components.cost.showback.recommendations import Recommendation, recommend
from components.cost.showback.reconciliation import too_much_unattributed
from components.cost.showback.records import Record, records_in
from components.cost.showback.report import OPENCOST, Report, Sources, make_report
from components.cost.showback.report_data import report_csv, report_data
from components.cost.showback.report_html import report_html
from components.cost.showback.report_markdown import report_markdown
from components.cost.showback.report_rows import all_rows, headline, notes
from components.cost.showback.series import CLOUD_RUN_CLUSTER
from components.sizing.errors import did_you_mean

EXPORT = "billing export"


def report(
    month: Annotated[str, typer.Option(help="Calendar month in UTC, YYYY-MM.")],
    env: Annotated[str, typer.Option(help="Environment, as in stacks/<environment>.")] = "dev",
    prometheus: Annotated[
        str | None,
        typer.Option(help="Address of a Prometheus. Default: the environment's own, or Google's Managed Prometheus."),
    ] = None,
    actuals: Annotated[
        Path | None,
        typer.Option(help="What was billed: CSV or JSON lines in the columns of the billing export."),
    ] = None,
    cluster_source: Annotated[
        str, typer.Option(help="Where the cost of the cluster is from: opencost, or billing (--actuals).")
    ] = "opencost",
    outputs: Annotated[
        str | None,
        typer.Option(help="File with `pulumi stack output --json`, - for standard input; pulumi is not asked then."),
    ] = None,
    today: Annotated[
        str | None,
        typer.Option(help="Day before which it is reported, YYYY-MM-DD; default: the settings' day, or today."),
    ] = None,
    team: Annotated[str | None, typer.Option(help="Show this team's part only.")] = None,
    table: Annotated[bool, typer.Option("--table", help="Print tables (the default).")] = False,
    csv_output: Annotated[bool, typer.Option("--csv", help="Print a line for each bill.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    html: Annotated[Path | None, typer.Option(help="Write one static page to this file.")] = None,
) -> None:
    """Show what a month has cost each team and deployment, held against what was billed, and what would have cost less.

    Whole days only, until the day before --today; with a forecast while the month runs. Exit code 1 where more than 1 % of a
    family is nobody's, and for anything that cannot be told.
    """
    try:
        if sum((table, csv_output, json_output, markdown)) > 1:
            raise CostError("give one of --table, --csv, --json and --markdown")
        environment = read_report_environment(env, today)
        found = _read(environment, month_of(month, environment.today), prometheus, actuals, cluster_source, outputs)
        complaints = too_much_unattributed(found.reconciled)
        if team is not None:
            if team not in {*found.teams, *environment.budgets}:
                raise CostError(f"--team: found '{team}'{did_you_mean(team, [*found.teams, *environment.budgets])}")
            found = found.of_team(team)
        if html is not None:
            _write(html, report_html(found))
    except CostError as error:
        refuse(error)
    if json_output:
        typer.echo(json.dumps(report_data(found), indent=2))
    elif csv_output:
        typer.echo(report_csv(found), nl=False)
    elif markdown:
        typer.echo(report_markdown(found))
    else:
        _show(found)
    if html is not None:
        typer.echo(f"wrote {html}", err=True)
    if complaints:
        refuse("\n".join(complaints))


def _read(
    environment: ReportEnvironment,
    month: Month,
    prometheus: str | None,
    actuals: Path | None,
    cluster_source: str,
    outputs: str | None,
) -> Report:
    if cluster_source not in ("opencost", "billing"):
        raise CostError(f"--cluster-source: found '{cluster_source}'; allowed: opencost, billing")
    if cluster_source == "billing" and actuals is None:
        raise CostError("--cluster-source billing needs --actuals FILE, the rows that were billed")
    published, why_not = deployed(outputs, environment.name)
    if published is None:
        raise CostError(f"bytes and parameters come from the outputs of the stack: {why_not}")
    records = records_in(published, environment.scope)
    declared: dict[Family, str] = {}
    if actuals is not None:
        declared = dict.fromkeys(FAMILIES, EXPORT)
    if cluster_source == "opencost":
        declared["cluster"] = OPENCOST
    of_rows: list[Family] = [family for family, source in declared.items() if source != OPENCOST]
    rows = [] if actuals is None else read_actuals(actuals, month, environment.scope.project)
    bill = billed(rows, of_rows, records, environment.pools) if rows else Billed([], [], {}, {})
    managed = managed_address(environment.scope.project)
    address = prometheus or environment.prometheus_url or managed
    # a project's Managed Prometheus holds all of its clusters; one of the organisation's own collects from this one
    server = Prometheus(address, {"cluster": environment.cluster} if address == managed else {})
    cluster = read_cluster(server, month.span, records)
    sources = Sources(cluster, _engines(server, address == managed, month, records), bill, declared)
    made = make_report(
        environment.name,
        month,
        environment.rule,
        records,
        sources,
        environment.list_prices(cluster.nodes),
        environment.budgets,
        FAMILIES,
    )
    return replace(made, recommendations=_advice(environment, made))


def _engines(server: Prometheus, managed: bool, month: Month, records: Mapping[str, Record]) -> dict[Engine, EngineUse]:
    found = read_engines(server, month.span)
    if managed and any(record.runs_on == "cloud-run" for record in records.values()):
        found |= read_engines(Prometheus(server.address, {"cluster": CLOUD_RUN_CLUSTER}), month.span)
    return found


def _advice(environment: ReportEnvironment, made: Report) -> tuple[Recommendation, ...]:
    return tuple(
        advice
        for key, demand in sorted(environment.demands.items())
        if key in made.usages
        for advice in recommend(
            demand, environment.supply, environment.catalogue, made.records[key], made.usages[key], made.uses.get(key)
        )
    )


def _write(target: Path, text: str) -> None:
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CostError(f"--html {target}: cannot be written ({error.strerror})") from None


def _show(found: Report) -> None:
    from components.cost.cli.tables import rich_table, wide_console

    console = wide_console()
    for rows in all_rows(found):
        console.print(rich_table(rows))
    console.print(headline(found), markup=False, highlight=False, soft_wrap=True)
    for line in [*notes(found), *(f"warning: {warning}" for warning in found.warnings)]:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
