"""Placement: the cheapest way to serve one demand that truly fits, or a refusal that says what is missing.

Least USD a month over every legal checkpoint, KV dtype, batch, machine, share of a machine and runtime, with the fewest
replicas that fit. Deterministic: ties go to fewer GPUs, fewer replicas, higher precision, GKE before Cloud Run, name, bf16
before fp8 KV, smaller batch.

Places are tried in the order of what they would cost at least, with as few replicas as any checkpoint could need; once the best
choice found costs no more than that, the others cannot be better. Equal to trying everything (tests/unit/sizing).
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import count

from components.sizing.catalogue import Catalogue, Model
from components.sizing.demand import Demand, Override, Supply
from components.sizing.errors import SizingError
from components.sizing.options import Choice, Lost, Options, beyond_quota, checkpoints_for, fewest_conceivable
from components.sizing.overrides import NONE, check_override, in_words, meets, override_of
from components.sizing.places import Place, Rejected, places
from components.sizing.record import SizingRecord
from components.sizing.record_making import make_record
from components.sizing.refusal import refusal
from components.sizing.replicas import Replicas, paid_hours
from components.sizing.speed import startup_seconds
from components.sizing.wish_checks import check_wish

#: Dearer choices that a record keeps beside the one taken, and cheaper ones that did not fit.
ALTERNATIVES = 3

#: Sorts choices: USD a month, GPUs, replicas, precision, runtime, name, KV bytes (negative), batch.
Rank = tuple[Decimal, int, int, int, bool, str, int, int]


def place(demand: Demand, supply: Supply, catalogue: Catalogue, where: str = "the deployment's wishes") -> SizingRecord:
    """The sizing record of `demand` in an environment that offers `supply`.

    `where` names the file that the requester can change; it ends up in the message of a refusal.
    Raises SizingError when the wish contradicts itself or the model, or when nothing that may be used can serve it.
    """
    model = catalogue.model(demand.model)
    check_wish(demand, model)
    check_override(demand, override_of(demand, supply), catalogue, model)
    search = _Search(demand, supply, catalogue, model)
    search.run()
    if not search.found:
        raise SizingError(_nothing_serves(search, where))
    best, *dearer = search.found
    rejected = [
        Rejected(f"{other.place.name} with {other.config.checkpoint.precision}", f"${rank[0]:,} a month")
        for rank, other in dearer
    ]
    unfit = list(
        {lost.reason: Rejected(lost.choice, lost.reason) for lost in reversed(search.lost) if lost.budget}.values()
    )
    unfit = unfit[: -ALTERNATIVES - 1 : -1]  # each reason once, at the cheapest place that has it
    return make_record(demand, supply, best[1], best[0][0], (*rejected, *unfit))


def usd_per_month(demand: Demand, where: Place, replicas: Replicas, start_seconds: int) -> Decimal:
    """USD a month by which places are compared: all replicas in the active hours, with their starts and idle tails.

    What users are told is another number, for the expected share of the peak (components/cost/plan/deployment_cost.py).
    """
    hours = paid_hours(demand, replicas, where.runs_on, start_seconds)
    return (where.usd_per_hour * hours).quantize(Decimal("0.01"))


def rank_of(demand: Demand, choice: Choice, catalogue: Catalogue) -> Rank:
    """The key by which choices are ordered; smaller is better."""
    config = choice.config
    kinds = [c.id for c in catalogue.checkpoints_of(config.model)]  # highest precision first
    return (
        usd_per_month(demand, choice.place, choice.replicas, startup_seconds(config)),
        choice.replicas.most * choice.place.tensor_parallel_size,
        choice.replicas.most,
        kinds.index(config.checkpoint.id),
        choice.place.runs_on != "gke",
        choice.place.name,
        -config.kv_element_bytes,
        config.max_num_batched_tokens,
    )


@dataclass(slots=True)
class _Search:
    """Best-first search over places; `found` holds the best choices in order, `lost` why others are none."""

    demand: Demand
    supply: Supply
    catalogue: Catalogue
    model: Model
    override: Override
    found: list[tuple[Rank, Choice]]
    lost: list[Lost]

    def __init__(self, demand: Demand, supply: Supply, catalogue: Catalogue, model: Model) -> None:
        self.demand, self.supply, self.catalogue, self.model = demand, supply, catalogue, model
        self.override = override_of(demand, supply)
        self.found, self.lost = [], []

    def run(self) -> None:
        """Finds the best choice and the next ones, or why there is none."""
        # refuses an unknown precision before anything is tried
        checkpoints_for(self.demand, self.model, self.catalogue)
        engine = self.catalogue.engine(self.supply.engine_version)
        options = Options(self.demand, self.supply, self.catalogue, self.model, engine, self.override)
        order = count()  # the heap never compares places or choices
        heap: list[tuple[Rank, int, Place | Choice]] = [
            (lowest, next(order), where) for where, lowest in self._open_places()
        ]
        heapq.heapify(heap)
        while heap and len(self.found) <= ALTERNATIVES:
            rank, _, item = heapq.heappop(heap)
            if isinstance(item, Choice):
                self.found.append((rank, item))
                continue
            for option in options.at(item):
                if isinstance(option, Choice):
                    heapq.heappush(heap, (rank_of(self.demand, option, self.catalogue), next(order), option))
                else:
                    self.lost.append(option)

    def _open_places(self) -> list[tuple[Place, Rank]]:
        """Places that may serve, each with a rank that no choice there can be below."""
        demand = self.demand
        hosts, refused = places(self.supply, self.catalogue, demand.high_availability, demand.interruptible)
        self.lost += [Lost(r.choice, r.reason) for runs_on, r in refused if demand.runs_on in (None, runs_on)]
        opened, decides = [], self.override is not NONE
        for where in hosts:
            if demand.runs_on not in (None, where.runs_on) or (decides and not meets(where, self.override)):
                continue
            replicas = fewest_conceivable(demand, where)
            if replicas is None:
                continue
            if replicas.most * where.tensor_parallel_size > where.quota:
                self.lost.append(Lost(where.name, beyond_quota(where, replicas)))
                continue
            lowest: Rank = (
                usd_per_month(demand, where, replicas, 0),
                replicas.most * where.tensor_parallel_size,
                replicas.most,
                0,
                where.runs_on != "gke",
                where.name,
                -2,
                0,
            )
            opened.append((where, lowest))
        return opened


def _nothing_serves(search: _Search, where: str) -> str:
    """The refusal: the nearest budget in full where memory was the reason, then why each host was no choice."""
    demand, budgets = search.demand, [lost.budget for lost in search.lost if lost.budget is not None]
    choices: dict[str, dict[str, None]] = {}
    for lost in search.lost:
        choices.setdefault(lost.reason, {})[lost.choice] = None
    reasons = (f"    {', '.join(names)}: {reason}" for reason, names in choices.items())
    tried = "\n".join(["  tried, none can be used:", *reasons])
    if tight := _tight_choice(search):
        tried = f"  tight    allow_tight in the environment's settings would place it on {tight.place.name}\n{tried}"
    if search.override is not NONE:
        tried = f"  {in_words(demand, search.override)} leaves no other choice\n{tried}"
    if budgets:
        nearest = max(budgets, key=lambda budget: budget.spare_bytes)
        return f"{refusal(demand.key, nearest, search.catalogue, where)}\n{tried}"
    return f"{demand.key}: nothing in this environment can serve {demand.model}; change {where}\n{tried}"


def _tight_choice(refused: _Search) -> Choice | None:
    """What would be placed if the environment accepted what fits only at the lower end of its ranges."""
    if refused.supply.allow_tight:
        return None
    again = _Search(refused.demand, replace(refused.supply, allow_tight=True), refused.catalogue, refused.model)
    again.run()
    return again.found[0][1] if again.found else None
