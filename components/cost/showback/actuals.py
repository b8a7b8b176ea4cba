"""Reads what Google billed: rows in the columns of the billing export, as JSON lines or CSV. Pure, but for the file.

Columns are those of the standard or the detailed export; in CSV a nested one is named with a dot or an underscore
(`service.description`, `service_description`), and `labels` and `credits` hold JSON. Rows of other projects, and of other
months by
`usage_start_time`, are passed over.
Source: docs.cloud.google.com/billing/docs/how-to/export-data-bigquery-tables/standard-usage (2026).
"""

from __future__ import annotations

import csv
import datetime
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from components.cost.errors import CostError
from components.cost.plan.published_cost import CURRENCY
from components.cost.showback.month import Month

#: Columns without which a row cannot be used.
NEEDED = ("service.description", "sku.description", "project.id", "usage_start_time", "cost", "currency")
OPTIONAL = ("sku.id", "labels", "credits", "usage.amount", "usage.unit", "resource.name")


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `credit` is what it gives back, above zero; `where` says which line of which file it is."""

    where: str
    service: str
    sku: str
    labels: Mapping[str, str]
    resource: str
    cost: Decimal
    credit: Decimal
    usage_amount: Decimal
    usage_unit: str


def read_actuals(file: Path, month: Month, project: str) -> list[Row]:
    """The rows of a project and of a month's days so far.

    Raises CostError for a file that cannot be used, another currency than the catalogue's, and a month without a row.
    """
    rows, currencies, others = [], set(), 0
    for where, plain in _plain(file):
        if str(plain["project.id"] or "") != project or not _in_month(where, plain, month):
            others += 1
            continue
        currencies.add(str(plain["currency"]))
        rows.append(_row(where, plain))
    if wrong := sorted(currencies - {CURRENCY}):
        raise CostError(
            f"{file}: two currencies, {', '.join(wrong)} beside {CURRENCY} of the catalogue and of OpenCost; give a file in "
            f"{CURRENCY} (the export's cost / currency_conversion_rate)"
        )
    if not rows:
        raise CostError(
            f"month without data: {file} has no row of project {project} in {month.name} ({others} of others); export that month"
        )
    return rows


def _plain(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """(place, columns) of each row."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CostError(f"--actuals {file}: cannot be read ({error})") from None
    lines = text.splitlines()
    first = next((line for line in lines if line.strip()), "")
    rows = _json_rows(file, lines) if first.lstrip().startswith("{") else _csv_rows(file, lines)
    for where, found in rows:
        flat = {name: _column(found, name) for name in (*NEEDED, *OPTIONAL)}
        if missing := [name for name in NEEDED if flat[name] is None]:
            raise CostError(f"{where}: lacks {', '.join(missing)}, a column of the billing export")
        yield where, flat


def _json_rows(file: Path, lines: Iterable[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found = json.loads(line, parse_float=Decimal)
        except json.JSONDecodeError:
            found = None
        if not isinstance(found, dict):
            raise CostError(f"{file}:{number}: no JSON object; write one row a line")
        yield f"{file}:{number}", found


def _csv_rows(file: Path, lines: list[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    reader = csv.DictReader(lines)
    for found in reader:
        yield f"{file}:{reader.line_num}", found


def _column(found: Mapping[str, Any], name: str) -> Any:
    """A column by its name with dots, with underscores, or nested."""
    for spelled in (name, name.replace(".", "_")):
        if spelled in found:
            return found[spelled]
    outer, _, inner = name.partition(".")
    nested = found.get(outer)
    return nested.get(inner) if inner and isinstance(nested, Mapping) else None


def _in_month(where: str, plain: Mapping[str, Any], month: Month) -> bool:
    written = str(plain["usage_start_time"]).replace(" UTC", "+00:00").replace("Z", "+00:00")
    try:
        begin = datetime.datetime.fromisoformat(written)
    except ValueError:
        raise CostError(f"{where}: usage_start_time is '{plain['usage_start_time']}', which is no time") from None
    in_utc = begin if begin.tzinfo is None else begin.astimezone(datetime.UTC)
    return month.first <= in_utc.date() < month.until


def _row(where: str, plain: Mapping[str, Any]) -> Row:
    cost = _amount(where, "cost", plain["cost"])
    credit = -sum(
        (_amount(where, "credits", one.get("amount")) for one in _list(where, "credits", plain["credits"])), Decimal(0)
    )
    if credit < 0:
        raise CostError(f"{where}: credits of {-credit} would be paid; a credit is below zero")
    usage = _amount(where, "usage.amount", plain["usage.amount"] or 0)
    if usage < 0:
        raise CostError(f"{where}: negative traffic: usage.amount is {usage}")
    return Row(
        where=where,
        service=str(plain["service.description"]),
        sku=" ".join(str(part) for part in (plain["sku.id"], plain["sku.description"]) if part),
        labels={str(one.get("key")): str(one.get("value")) for one in _list(where, "labels", plain["labels"])},
        resource=str(plain["resource.name"] or ""),
        # a correction below zero gives back like a credit
        cost=max(cost, Decimal(0)),
        credit=credit + max(-cost, Decimal(0)),
        usage_amount=usage,
        usage_unit=str(plain["usage.unit"] or ""),
    )


def _amount(where: str, name: str, written: Any) -> Decimal:
    try:
        amount = Decimal(str(written))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise CostError(f"{where}: {name} is '{written}', which is no amount")
    return amount


def _list(where: str, name: str, written: Any) -> list[Mapping[str, Any]]:
    """A repeated column: a list, or JSON of one, or nothing."""
    if written in (None, ""):
        return []
    found = written
    if isinstance(written, str):
        try:
            found = json.loads(written, parse_float=Decimal)
        except json.JSONDecodeError:
            found = None
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        raise CostError(f"{where}: {name} is no list as the billing export writes it")
    return found
