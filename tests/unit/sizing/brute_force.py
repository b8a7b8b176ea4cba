"""The cheapest way to serve a demand, found by trying everything: an independent second opinion on `placement.place`.

Written from the rules as stated for the platform, not from the search: nothing of options.py, placement.py, replicas.py is used.
What it shares with the product are the facts: hosts and their prices (`places`), legality, the memory budget, the speed estimate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from math import ceil

from components.sizing.catalogue import Catalogue, Checkpoint
from components.sizing.demand import Demand, Override, Supply
from components.sizing.engine_config import EngineConfig, Load
from components.sizing.evidence import spread_of
from components.sizing.legality import why_illegal
from components.sizing.memory import Fit, assess
from components.sizing.places import Place, places
from components.sizing.record import SizingRecord
from components.sizing.speed import missed_goal, startup_seconds

#: The platform's batches, and what one video needs where image tokens see each other.
BATCHES, ONE_VIDEO = (2048, 4096, 8192, 16384), 2496
HOURS_OF_MONTH, HOURS_OF_DAY = 730, 8
#: Idle tail in seconds: 15 minutes on Cloud Run; scale-down delay and node removal, ten minutes each, on GKE.
IDLE_SECONDS = {"cloud-run": 900, "gke": 600 + 600}


@dataclass(frozen=True)
class Answer:
    """What was chosen, in terms that a sizing record states as well."""

    usd_per_month: Decimal
    runs_on: str
    machine: str | None
    option: str | None
    shape: tuple[int, int] | None
    accelerator: str
    tensor_parallel_size: int
    replicas_per_host: int
    checkpoint: str
    kv_element_bytes: int
    replicas: tuple[int, int]
    batch: int
    max_num_seqs: int


def answer_of(record: SizingRecord) -> Answer:
    """The same for a record of `place`."""
    config = record.budget.config
    return Answer(
        record.usd_per_month,
        record.runs_on,
        record.machine_type,
        record.purchase_option,
        (record.vcpu, record.memory_gib) if record.runs_on == "cloud-run" else None,
        config.accelerator.id,
        config.tensor_parallel_size,
        record.replicas_per_host,
        config.checkpoint.id,
        config.kv_element_bytes,
        (record.min_replicas, record.max_replicas),
        config.max_num_batched_tokens,
        config.max_num_seqs,
    )


class BruteForce:
    """All ways to serve one demand in one environment."""

    def __init__(self, demand: Demand, supply: Supply, catalogue: Catalogue) -> None:
        self.demand, self.supply, self.catalogue = demand, supply, catalogue
        self.model = catalogue.model(demand.model)
        self.engine = catalogue.engine(supply.engine_version)
        self.override = supply.overrides.get(f"{demand.team}/{demand.name}", Override("none"))
        self.verdicts: dict[tuple, bool] = {}

    def best(self) -> Answer | None:
        """The cheapest, by the platform's order of ties; None when nothing serves the demand."""
        if not self._sensible():
            return None
        return min(self._all(), key=lambda choice: choice[0], default=(None, None))[1]

    def _sensible(self) -> bool:
        demand = self.demand
        inputs_known = set(demand.inputs) <= set(self.model.inputs)
        contradiction = demand.high_availability and demand.scale_to_zero
        return inputs_known and not contradiction and demand.context_tokens <= self.model.max_context_tokens

    def _all(self) -> Iterator[tuple[tuple, Answer]]:
        demand = self.demand
        hosts, _ = places(self.supply, self.catalogue, demand.high_availability, demand.interruptible)
        precisions = [c.id for c in self.catalogue.checkpoints_of(self.model)]  # highest first
        for where in hosts:
            if demand.runs_on not in (None, where.runs_on) or not self._may_be_at(where):
                continue
            for least, most, requests in self._replicas(where):
                if most * where.tensor_parallel_size > where.quota:
                    continue
                for config in self._configs(where, requests):
                    if not self._serves(config, requests):
                        continue
                    usd = self._usd(where, least, most, startup_seconds(config))
                    key = (
                        usd,
                        most * where.tensor_parallel_size,
                        most,
                        precisions.index(config.checkpoint.id),
                        0 if where.runs_on == "gke" else 1,
                        where.name,
                        0 if config.kv_element_bytes == 2 else 1,
                        config.max_num_batched_tokens,
                    )
                    yield key, self._answer(where, config, usd, (least, most))

    def _may_be_at(self, where: Place) -> bool:
        wanted, card = self.override, where.accelerator
        if wanted.accelerator and wanted.accelerator != card.id and wanted.accelerator != card.node_label:
            return False
        if wanted.machine_type and (where.machine is None or where.machine.id != wanted.machine_type):
            return False
        return not wanted.tensor_parallel_size or wanted.tensor_parallel_size == where.tensor_parallel_size

    def _replicas(self, where: Place) -> Iterator[tuple[int, int, int]]:
        """(minimum, maximum, requests that each must run at once) for every number of replicas that could be meant."""
        peak, share = self.demand.peak_concurrent_requests, where.replicas_per_host
        if self.demand.high_availability:
            if share == 1:  # two on one machine would be lost together
                for most in range(2, peak + 2):
                    yield 2, most, ceil(peak / (most - 1))
            return
        least = 0 if self.demand.scale_to_zero else 1
        for most in range(1, peak + share):
            if most % share == 0 and least % share == 0:  # every machine is filled exactly, by night too
                yield least, most, ceil(peak / most)

    def _configs(self, where: Place, requests: int) -> Iterator[EngineConfig]:
        demand, card = self.demand, where.accelerator
        video = self.model.text.bidirectional_vision and "video" in demand.inputs
        for checkpoint in self._checkpoints():
            fp8_kv = (checkpoint.kv_scales or self.supply.allow_fp8_kv) and card.compute_capability >= (8, 9)
            dtypes = (2, 1) if fp8_kv else (2,)
            if self.override.kv_cache_dtype:
                dtypes = ({"bfloat16": 2, "fp8": 1}[self.override.kv_cache_dtype],)
            fixed = self.override.max_num_batched_tokens
            ahead = self.model.drafter.num_speculative_tokens if demand.speculative else 0
            for element_bytes in dtypes:
                for size in (fixed,) if fixed else BATCHES:
                    batch = max(size, ONE_VIDEO) if video else size
                    if requests * (1 + ahead) <= batch:
                        yield EngineConfig(
                            engine=self.engine,
                            model=self.model,
                            checkpoint=checkpoint,
                            scheme=self.catalogue.scheme(checkpoint),
                            accelerator=card,
                            tensor_parallel_size=where.tensor_parallel_size,
                            max_model_len=demand.context_tokens,
                            max_num_seqs=requests,
                            max_num_batched_tokens=batch,
                            gpu_memory_utilization=self.override.gpu_memory_utilization or 0.90,
                            text_only=set(demand.inputs) == {"text"},
                            items={kind: demand.max_items.get(kind, 1) for kind in demand.inputs if kind != "text"},
                            image_tokens=demand.image_tokens,
                            kv_element_bytes=element_bytes,
                            block_size_tokens=self.engine.block_size_on(
                                card, self.model, element_bytes, set(demand.inputs) != {"text"}
                            ),
                            drafter=demand.speculative,
                            max_loras=len(demand.adapters),
                            max_lora_rank=max(
                                (2 ** max(3, (a.rank - 1).bit_length()) for a in demand.adapters), default=0
                            ),
                            spread=spread_of(self.catalogue, self.model, card, self.engine),
                        )

    def _checkpoints(self) -> list[Checkpoint]:
        known = [c for c in self.catalogue.checkpoints_of(self.model) if c.status != "infeasible"]
        wanted = self.demand.precision
        if wanted == "auto":
            return [c for c in known if c.auto]
        automatic = [c for c in known if c.auto and c.precision == wanted]
        return automatic or [c for c in known if c.precision == wanted]

    def _serves(self, config: EngineConfig, requests: int) -> bool:
        """Legal, fits as strictly as the environment asks, and meets the goals. Asked once for equal configurations."""
        key = (
            config.checkpoint.id,
            config.accelerator.id,
            config.tensor_parallel_size,
            config.kv_element_bytes,
            config.max_num_batched_tokens,
            requests,
        )
        if key not in self.verdicts:
            self.verdicts[key] = self._judge(config, requests)
        return self.verdicts[key]

    def _judge(self, config: EngineConfig, requests: int) -> bool:
        demand, supply = self.demand, self.supply
        if why_illegal(config, self.catalogue) is not None:
            return False
        load = Load(requests, min(demand.full_context_requests, requests), demand.typical_tokens)
        fit = assess(config, load).fit
        enough = fit is Fit.FITS or (fit is Fit.TIGHT and supply.allow_tight)
        trusted = fit is Fit.UNKNOWN and f"{demand.team}/{demand.name}" in supply.allow_unknown
        return (enough or trusted) and missed_goal(demand, config, load) is None

    def _usd(self, where: Place, least: int, most: int, start_seconds: int) -> Decimal:
        """Minimum replicas run all month; the others while there is traffic, with a start and an idle tail a day."""
        active = Decimal(self.demand.active_hours_per_month)
        waiting = Decimal(start_seconds + IDLE_SECONDS[where.runs_on]) / 3600 * active / HOURS_OF_DAY
        hours = least * HOURS_OF_MONTH + (most - least) * min(active + waiting, Decimal(HOURS_OF_MONTH))
        return round(where.usd_per_hour * hours, 2)

    @staticmethod
    def _answer(where: Place, config: EngineConfig, usd: Decimal, replicas: tuple[int, int]) -> Answer:
        return Answer(
            usd,
            where.runs_on,
            where.machine.id if where.machine else None,
            where.bought.option if where.bought else None,
            (where.shape.vcpu, where.shape.memory_gib) if where.shape else None,
            config.accelerator.id,
            config.tensor_parallel_size,
            where.replicas_per_host,
            config.checkpoint.id,
            config.kv_element_bytes,
            replicas,
            config.max_num_batched_tokens,
            config.max_num_seqs,
        )
