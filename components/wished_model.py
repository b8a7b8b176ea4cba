"""From the wish that a component is given to the model that it serves, with every problem in the caller's terms. Pure.

Owns the way from plain arguments to what `planned_model` takes; what may be used (`Supply`) is the component's to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from components.argument_error import ArgumentError, ArgumentProblem
from components.form_problems import message_of
from components.labels import VALUE_PATTERN, is_label_value
from components.planned_model import Operation, Ownership, PlannedModel, plan_model
from components.served_model import STREAM
from components.sizing.catalogue import Catalogue, load_catalogue
from components.sizing.demand import Supply
from components.sizing.errors import SizingError, did_you_mean
from components.wish import DeploymentWish
from components.wish_args import EngineArgs, OwnershipArgs, WishArgs

#: GPUs that a wish may use where nobody has said how many there are: more than any needs.
PLENTY = 10_000


def catalogue_of(own_rows: str | None) -> Catalogue:
    """The sizing catalogue, with the organisation's own rows where a file is named. Raises ArgumentError for a wrong one."""
    try:
        return load_catalogue(Path(own_rows).resolve() if own_rows else None)
    except SizingError as error:
        raise ArgumentError(ArgumentProblem(("catalogue",), f"'{own_rows}': {error}")) from None


def read_wish(
    args: WishArgs, name: str, runs_on: Literal["gke", "cloud-run"], stable_revision: str | None = None
) -> DeploymentWish:
    """The form that a wish fills in, for the deployment called `name`. Raises ArgumentError with every problem."""
    known = {field: value for field, value in args.items() if field in WishArgs.__annotations__}
    problems = [
        ArgumentProblem(("wish", field), f"unknown argument{did_you_mean(field, WishArgs.__annotations__)}")
        for field in args
        if field not in known
    ]
    try:
        wish = DeploymentWish.model_validate(
            {**known, "name": name, "runs_on": runs_on, "stable_revision": stable_revision}
        )
    except ValidationError as error:
        found = [(each["loc"], message_of(dict(each), DeploymentWish)) for each in error.errors()]
        problems += [
            ArgumentProblem(path if path[:1] == ("name",) else ("wish", *path), message) for path, message in found
        ]
        raise ArgumentError(*problems) from None
    if problems:
        raise ArgumentError(*problems)
    return wish


def read_ownership(args: OwnershipArgs) -> Ownership:
    """Whose model it is. Raises ArgumentError for what cannot be a label."""
    ownership = Ownership(args["team"], args["owner"], args["cost_center"])
    values = {each.name: getattr(ownership, each.name) for each in fields(ownership)}
    if wrong := {name: value for name, value in values.items() if not is_label_value(value)}:
        raise ArgumentError(
            *(
                ArgumentProblem(("ownership", name), f"found {value!r}, which is no label; allowed: {VALUE_PATTERN}")
                for name, value in wrong.items()
            )
        )
    return ownership


def check_known(path: tuple[str, ...], value: str, allowed: list[str]) -> None:
    """Raises ArgumentError, with the nearest of what is allowed, for anything else."""
    if value not in allowed:
        raise ArgumentError(ArgumentProblem(path, f"found {value!r}{did_you_mean(value, allowed)}"))


def engine_version(engine: EngineArgs, catalogue: Catalogue) -> str:
    """The version of vLLM: the one that is asked for, else the newest that can be deployed."""
    deployable = sorted((e for e in catalogue.engines if e.deployable), key=lambda e: e.numbers, reverse=True)
    wanted = engine.get("version")
    if wanted is None:
        return deployable[0].version
    check_known(("engine", "version"), wanted, [e.version for e in deployable])
    return wanted


def plan_wish(
    wish: DeploymentWish,
    ownership: Ownership,
    supply: Supply,
    catalogue: Catalogue,
    *,
    bucket: str,
    engine: EngineArgs,
    weights_on_cloud_run: str = STREAM,
) -> PlannedModel:
    """Decides everything about a wish. Raises ArgumentError where it cannot be served, with what could be."""
    operation = Operation(
        bucket=bucket,
        where="model, context_tokens or peak_concurrent_requests of the wish",
        where_revisions="engine.revisions",
        revisions=engine.get("revisions", {}),
        image=lambda public: engine.get("image", public),
        weights_on_cloud_run=weights_on_cloud_run,
    )
    with _in_terms_of_the_wish():
        catalogue.model(wish.model)
        return plan_model(wish, ownership, supply, catalogue, operation)


@contextmanager
def _in_terms_of_the_wish() -> Iterator[None]:
    known = WishArgs.__annotations__
    try:
        yield
    except SizingError as error:
        path = ("wish", error.field) if error.field in known else ("wish",)
        raise ArgumentError(ArgumentProblem(path, str(error))) from None
    except ArgumentError:
        raise
    except ValueError as error:
        raise ArgumentError(ArgumentProblem(("wish",), str(error))) from None


def labels_of(derived: Mapping[str, str], stated: Mapping[str, str] | None) -> dict[str, str]:
    """The labels of a wished model: those that follow from the wish, and before them what the caller adds."""
    return {**(stated or {}), **derived}
