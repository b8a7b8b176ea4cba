"""`check-opencost`: whether OpenCost counts for each class of nodes what the catalogue says, after an update."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import typer

from components.cost.cli.environments import plan_of, prices_of
from components.cost.cli.refusals import refuse
from components.cost.errors import CostError
from components.cost.opencost.check import TOLERANCE, CheckedPrices, check_nodes
from components.cost.opencost.nodes import NoAnswerError, read_nodes
from components.cost.plan.plan_rows import Rows
from components.smoke.answer import excerpt
from components.smoke.errors import WrongUseError
from components.smoke.stack_outputs import read_outputs

#: Shorter than anybody waits, and longer than OpenCost's series are apart.
WINDOW = "10m"
#: Its answer takes many queries of Prometheus.
TIMEOUT_SECONDS = 120
FORWARD = "kubectl -n opencost port-forward deployment/opencost 9003"
#: Output of the stack with the prices of the last update.
OUTPUT = "price_classes"
NOT_CHECKED = 2


def check_opencost(
    env: Annotated[str, typer.Option(help="Environment, as in stacks/<environment>.")] = "dev",
    url: Annotated[str, typer.Option(help="Where OpenCost's API is, as a forwarded port.")] = "http://127.0.0.1:9003",
    outputs: Annotated[
        str | None,
        typer.Option(
            help="File with `pulumi stack output --json` of the deployed stack, - for standard input: tells an outdated price "
            "from a wrong one."
        ),
    ] = None,
    window: Annotated[str, typer.Option(help="How far back nodes are looked at, such as 10m or 2h.")] = WINDOW,
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare OpenCost's hourly price of each class of nodes with the catalogue's.

    Classes of which no node runs are named and not checked. Ends with 0 when all agree, 1 when a price differs by more than 2 %
    or a node has no class of the environment, 2 when nothing could be checked.
    """
    try:
        prices = prices_of(plan_of(env, None))
        deployed = None if outputs is None else _deployed_prices(outputs)
        nodes = read_nodes(_ask(url, window))
        found = check_nodes(nodes, prices, window, deployed)
        if not found.checked and not found.strangers:
            raise NoAnswerError(
                f"nothing was checked: OpenCost at {url} knows no node within the last {window}. It needs about ten minutes "
                "after its start; then look in its log whether Prometheus answers, and in Prometheus whether "
                "node_total_hourly_cost has the labels that OpenCost gave it"
            )
    except (CostError, NoAnswerError, WrongUseError) as error:
        refuse(error, NOT_CHECKED)
    if json_output:
        typer.echo(json.dumps(_plain(found), indent=2))
    else:
        _show(env, found)
    if not found.agrees:
        raise typer.Exit(1)


def _deployed_prices(file: str) -> dict[str, Decimal]:
    try:
        given = json.loads(read_outputs(file, None))
        return {str(name): Decimal(str(price)) for name, price in given[OUTPUT].items()}
    except (ValueError, KeyError, TypeError, AttributeError, InvalidOperation):
        raise CostError(
            f"--outputs {file}: has no `{OUTPUT}` with prices; it is not what `pulumi stack output --json` prints of a stack "
            "of this platform, or the stack is older"
        ) from None


def _ask(url: str, window: str) -> str:
    """OpenCost's assets as text."""
    import requests

    if re.fullmatch(r"https?://[^\s/]+(/\S*)?", url) is None:
        raise NoAnswerError(f"--url: '{url}' is no address; write one such as http://127.0.0.1:9003")
    if re.fullmatch(r"[1-9]\d*[mhd]", window) is None:
        raise NoAnswerError(f"--window: '{window}' is no time; write one such as 10m, 2h or 1d")
    try:
        answer = requests.get(f"{url.rstrip('/')}/assets", params={"window": window}, timeout=TIMEOUT_SECONDS)
    except requests.RequestException as error:
        reason = type(error).__name__
        raise NoAnswerError(f"OpenCost at {url} cannot be asked ({reason}); forward its port: {FORWARD}") from None
    if answer.status_code != requests.codes.ok:
        raise NoAnswerError(f"OpenCost at {url} answered {answer.status_code}: {excerpt(answer.text)}")
    return answer.text


def _plain(found: CheckedPrices) -> Mapping[str, Any]:
    return {
        "tolerance_percent": str(TOLERANCE * 100),
        "classes": [
            {
                "class": one.price_class,
                "nodes": one.nodes,
                "catalogue_usd_per_hour": str(one.catalogue),
                "opencost_usd_per_hour": str(one.opencost),
                "difference_percent": str(one.difference),
                "agrees": one.agrees,
                "likely_cause": one.cause,
            }
            for one in found.checked
        ],
        "nodes_without_a_class_of_the_environment": [
            {"node": one.name, "opencost_usd_per_hour": str(one.opencost), "likely_cause": one.cause}
            for one in found.strangers
        ],
        "not_checked": list(found.without_node),
        "agrees": found.agrees,
    }


def _show(name: str, found: CheckedPrices) -> None:
    from components.cost.cli.tables import rich_table, wide_console

    console = wide_console()
    rows = tuple(
        (
            one.price_class,
            str(one.nodes),
            str(one.catalogue),
            str(one.opencost),
            f"{one.difference:+} %",
            "agrees" if one.agrees else "DIFFERS",
        )
        for one in found.checked
    )
    header = ("price class", "nodes", "catalogue", "OpenCost", "difference", "result")
    if rows:
        title = f"{name}: USD an hour of a node"
        console.print(rich_table(Rows(title, header, frozenset({1, 2, 3, 4}), rows)))
    lines = [
        f"{one.price_class}: the catalogue says {one.catalogue}, OpenCost {one.opencost}; likely cause: {one.cause}"
        for one in found.checked
        if not one.agrees
    ]
    lines += [f"{one.name}: OpenCost counts {one.opencost} an hour; {one.cause}" for one in found.strangers]
    if found.without_node:
        lines.append(f"not checked, since no node of them runs: {', '.join(found.without_node)}")
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
