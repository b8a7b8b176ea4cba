"""What a command line asks for, as demands and supplies: from options, or from a team's file and its environment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

from components.sizing.catalogue import Catalogue, Input
from components.sizing.demand import Adapter, Demand, RunsOn, Supply
from components.sizing.errors import SizingError, did_you_mean

#: GPUs of each kind that a wish without an environment may use: more than any needs.
PLENTY = 10_000


def demand_of(
    model: str,
    context: int,
    concurrency: int,
    *,
    typical: int | None = None,
    full_context: int = 1,
    hours: int = 730,
    inputs: str = "text",
    precision: str = "auto",
    checkpoint: str | None = None,
    runs_on: str = "auto",
    scale_to_zero: bool = False,
    answer: int | None = None,
    speculative: bool = False,
    adapters: Sequence[str] = (),
) -> Demand:
    """A wish stated by options, with the defaults of a team's file. Raises SizingError for an unknown word."""
    tokens = min(typical or max(1, context // 4), context)
    return Demand(
        team="you",
        name="model",
        model=model,
        context_tokens=context,
        peak_concurrent_requests=concurrency,
        typical_tokens=tokens,
        typical_answer_tokens=max(1, tokens // 8),
        full_context_requests=min(full_context, concurrency),
        active_hours_per_month=hours,
        inputs=_inputs(inputs),
        precision=precision,
        checkpoint=checkpoint,
        runs_on=_runtime(runs_on),
        scale_to_zero=scale_to_zero,
        max_answer_tokens=answer,
        speculative=speculative,
        adapters=tuple(_adapter(text) for text in adapters),
    )


def everything(catalogue: Catalogue, region: str, engine: str) -> Supply:
    """An environment that may use all that the catalogue has in a region, bought on demand, else by a way that exists."""
    if region not in catalogue.regions:
        raise SizingError(
            f"no GPU of the catalogue is in '{region}'{did_you_mean(region, catalogue.regions)}", "region"
        )
    cards = [a for a in catalogue.accelerators if region in a.regions]
    plenty = {a.node_label: PLENTY for a in cards}
    zones = {zone for a in cards for zone in a.zones.get(region, ())}
    return Supply(
        region=region,
        zones=tuple(sorted(zones or {f"{region}-a", f"{region}-b"})),
        engine_version=engine,
        purchase_order=("on-demand", "flex-start", "spot"),
        batch_purchase_order=("on-demand", "flex-start", "spot"),
        gke_quota=plenty,
        cloud_run_quota=plenty,
    )


def only_gpus(supply: Supply, gpus: list[str], catalogue: Catalogue) -> Supply:
    """The supply with quota for these GPUs alone. Raises SizingError for one that cannot be rented in the region."""
    rented = [a.node_label for a in catalogue.accelerators if supply.region in a.regions]
    for gpu in gpus:
        if gpu not in rented:
            raise SizingError(f"found '{gpu}'{did_you_mean(gpu, dict.fromkeys(rented))}", "gpu")
    return replace(
        supply,
        gke_quota={gpu: count for gpu, count in supply.gke_quota.items() if gpu in gpus},
        cloud_run_quota={gpu: count for gpu, count in supply.cloud_run_quota.items() if gpu in gpus},
    )


def of_team_file(path: Path) -> tuple[list[Demand], Supply, Catalogue]:
    """(demands of a team's file, what its environment offers, its catalogue).

    The file must lie in an environment of a checkout of this project, `stacks/<environment>/teams/<team>.yaml`. Raises
    SizingError with every problem of the environment's files.
    """
    parts = path.resolve().parts
    if len(parts) < 5 or parts[-2] != "teams" or parts[-4] != "stacks":
        raise SizingError(f"{path} does not lie in stacks/<environment>/teams/", "team")
    root, environment = Path(*parts[:-4]), parts[-3]
    demands, supply, catalogue = of_environment(root, environment)
    return [demand for demand in demands if demand.team == path.stem], supply, catalogue


def of_environment(root: Path, name: str) -> tuple[list[Demand], Supply, Catalogue]:
    """(all demands, the supply, the catalogue) of the environment `name` of the project in folder `root`."""
    # the command line stands above the stacks, although it is part of the components: nothing else of them may know an
    # environment
    from stacks.environment import read_environment
    from stacks.problems import SettingsError

    try:
        environment, today = read_environment(root, name)
    except SettingsError as error:
        raise SizingError(str(error)) from None
    demands = [wish.demand(loaded.team.team) for loaded in environment.teams for wish in loaded.team.deployments]
    return demands, environment.settings.supply(today), environment.catalogue


def _inputs(text: str) -> tuple[Input, ...]:
    kinds = [part.strip() for part in text.split(",")]
    if unknown := [kind for kind in kinds if kind not in get_args(Input)]:
        raise SizingError(f"found '{unknown[0]}'; allowed: {', '.join(get_args(Input))}", "inputs")
    return tuple(kind for kind in get_args(Input) if kind in kinds)


def _adapter(text: str) -> Adapter:
    name, _, rank = text.rpartition(":")
    if not name or not rank.isdecimal():
        raise SizingError(f"found '{text}'; write NAME:RANK, such as tone:16", "adapter")
    return Adapter(name, int(rank), f"adapters/{name}")


def _runtime(text: str) -> RunsOn | None:
    if text == "auto":
        return None
    for runtime in get_args(RunsOn):
        if text == runtime:
            return runtime
    raise SizingError(f"found '{text}'; allowed: auto, {', '.join(get_args(RunsOn))}", "runs_on")
