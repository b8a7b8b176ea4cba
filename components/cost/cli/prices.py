"""`prices`: the prices that plans rest on, and whether Google's list says the same."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from components.cost.cli.environments import read_plan
from components.cost.cli.refusals import refuse
from components.cost.errors import CostError
from components.cost.google_session import google_session
from components.cost.plan.plan_rows import Rows, price_rows
from components.cost.prices.billing_catalogue import API, Get, read_skus
from components.cost.prices.price_check import TOLERANCE_PERCENT, Checked, check_prices
from components.cost.prices.price_date import old_prices
from components.sizing.catalogue import load_catalogue
from components.sizing.errors import did_you_mean

SCOPE = "https://www.googleapis.com/auth/cloud-billing.readonly"
NO_CREDENTIALS = (
    "no Google credentials are there, so that prices cannot be compared; run `gcloud auth application-default login`"
)
TIMEOUT_SECONDS = 30


class NoCatalogueError(Exception):
    """The Cloud Billing catalogue cannot be asked."""


def prices(
    env: Annotated[str, typer.Option(help="Environment, whose prices are shown.")] = "dev",
    today: Annotated[str | None, typer.Option(help="Day as of which their age counts, YYYY-MM-DD.")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Compare the whole catalogue with the Cloud Billing catalogue.")
    ] = False,
    region: Annotated[str | None, typer.Option(help="With --check: only this region.")] = None,
    endpoint: Annotated[
        str, typer.Option(help="With --check: where the Cloud Billing API is; any other place is sent no credentials.")
    ] = API,
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show source and date of the prices that an environment's plan rests on; with --check compare the catalogue with Google's.

    Prices of Cloud Run and of clusters, disks and buckets are not compared. Ends with 0 when all agree, 1 when some differ by
    more than half a percent, 2 when Google cannot be asked.
    """
    try:
        if not check:
            _show_used(env, today, json_output=json_output)
            return
        catalogue = load_catalogue()
        regions = sorted({row.region for row in catalogue.prices.machines.rows})
        if region is not None and region not in regions:
            raise CostError(f"--region: the catalogue has no price in '{region}'{did_you_mean(region, regions)}")
        found = check_prices(catalogue, read_skus(_getter(endpoint)), region)
    except CostError as error:
        refuse(error)
    except NoCatalogueError as error:
        refuse(error, 2)
    if json_output:
        typer.echo(json.dumps([_plain(one) for one in found], indent=2))
    else:
        _show_checked(found)
    if any(not one.agrees for one in found):
        raise typer.Exit(1)


def _show_used(env: str, today: str | None, *, json_output: bool) -> None:
    read = read_plan(env, today)
    old = old_prices(read.cost.prices, read.today)
    if json_output:
        plain = [{"of": p.what, "source": p.source.name, "date": p.source.date} for p in read.cost.prices]
        typer.echo(json.dumps({"prices": plain, "old_prices": old}, indent=2))
        return
    from components.cost.cli.tables import rich_table, wide_console

    console = wide_console()
    console.print(rich_table(price_rows(read.cost)))
    for warning in old:
        console.print(f"warning: {warning}", markup=False, highlight=False, soft_wrap=True)


def _getter(endpoint: str) -> Get:
    """Asks Google with the user's own credentials, and any other place without."""
    import requests

    base = endpoint.rstrip("/")
    session: requests.Session = (
        google_session(SCOPE, NoCatalogueError(NO_CREDENTIALS)) if base == API else requests.Session()
    )

    def get(path: str, parameters: Mapping[str, str]) -> Any:
        from google.auth.exceptions import GoogleAuthError

        try:
            answer = session.get(f"{base}{path}", params=dict(parameters), timeout=TIMEOUT_SECONDS)
        except (requests.RequestException, GoogleAuthError) as error:
            words = str(error).splitlines()[0]
            raise NoCatalogueError(f"the Cloud Billing catalogue at {base} cannot be asked: {words}") from None
        if answer.status_code != requests.codes.ok:
            raise NoCatalogueError(
                f"the Cloud Billing catalogue at {base} answered {answer.status_code}: {_reason(answer)}; the Cloud Billing API "
                "must be enabled in the credentials' project"
            )
        try:
            return answer.json()
        except ValueError:
            raise CostError(f"the Cloud Billing catalogue at {base} answered no JSON") from None

    return get


def _reason(answer: Any) -> str:
    """What an error of Google's says, on one line."""
    try:
        return " ".join(str(answer.json()["error"]["message"]).split())
    except (ValueError, KeyError, TypeError):
        return " ".join(str(answer.text).split())[:160] or "no content"


def _show_checked(found: Sequence[Checked]) -> None:
    from components.cost.cli.tables import rich_table, wide_console

    rows = tuple(
        (
            one.machine,
            one.region,
            one.option,
            f"{one.listed:f}",
            "-" if one.billed is None else f"{one.billed:.6f}",
            "-" if one.percent is None else f"{one.percent:+.2f} %",
            one.missing or ("" if one.agrees else "differs"),
        )
        for one in found
    )
    header = ("machine type", "region", "option", "catalogue", "Google's list", "difference", "")
    console = wide_console()
    title = "USD an hour; the catalogue against the sum of the parts in the Cloud Billing catalogue"
    console.print(rich_table(Rows(title, header, frozenset({3, 4, 5}), rows)))
    compared = [one for one in found if one.billed is not None]
    apart = [one for one in compared if not one.agrees]
    console.print(
        f"{len(compared)} compared, {len(apart)} differ by more than {TOLERANCE_PERCENT} %, {len(found) - len(compared)} could "
        "not be compared",
        highlight=False,
    )


def _plain(one: Checked) -> dict[str, Any]:
    return {
        "machine_type": one.machine,
        "region": one.region,
        "option": one.option,
        "catalogue_usd_per_hour": str(one.listed),
        "billing_usd_per_hour": None if one.billed is None else str(one.billed),
        "difference_percent": None if one.percent is None else f"{one.percent:.4f}",
        "agrees": one.agrees,
        "missing": one.missing or None,
    }
