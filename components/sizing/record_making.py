"""Turns a choice of placement into the sizing record."""

from __future__ import annotations

from decimal import Decimal

from components.sizing.capacity import budget_for
from components.sizing.demand import Demand, Supply
from components.sizing.host import host_needs
from components.sizing.options import Choice
from components.sizing.overrides import override_of
from components.sizing.places import Rejected
from components.sizing.record import SizingRecord
from components.sizing.speed import Band, decode_rate, first_token_seconds, startup_seconds

#: Cloud Run allows a startup probe of at most 1,800 s with a GPU (docs.cloud.google.com/run, 2026).
CLOUD_RUN_PROBE_LIMIT_SECONDS = 1800
#: The start-up estimate is rough; a probe waits three times as long and never less than ten minutes.
PROBE_FACTOR, PROBE_MINIMUM_SECONDS = 3, 600


def make_record(
    demand: Demand, supply: Supply, choice: Choice, usd_per_month: Decimal, rejected: tuple[Rejected, ...]
) -> SizingRecord:
    """The record of `choice`, with the choices that lost to it."""
    budget = budget_for(choice.config, demand, choice.replicas.requests_each)
    where, config, load = choice.place, budget.config, budget.load
    needs, start = host_needs(where.tensor_parallel_size), startup_seconds(config)
    override = override_of(demand, supply)
    probe = max(PROBE_MINIMUM_SECONDS, PROBE_FACTOR * start)
    decode = decode_rate(config, load)
    first = first_token_seconds(config, load, demand.typical_tokens - demand.typical_answer_tokens)
    return SizingRecord(
        demand=demand,
        budget=budget,
        runs_on=where.runs_on,
        region=supply.region,
        zones=where.zones,
        zones_known=where.zones_known,
        machine_type=where.machine.id if where.machine else None,
        boot_disk_type=where.machine.boot_disk_type if where.machine else None,
        purchase_option=where.bought.option if where.bought else None,
        reservation=where.bought.reservation if where.bought else None,
        ladder=where.ladder,
        replicas_per_host=where.replicas_per_host,
        vcpu=where.shape.vcpu if where.shape else needs.vcpu,
        memory_gib=where.shape.memory_gib if where.shape else needs.memory_gib,
        shared_memory_gib=needs.shared_memory_gib,
        disk_gib=needs.disk_gib,
        environment=dict(where.environment),
        min_replicas=choice.replicas.least,
        max_replicas=choice.replicas.most,
        startup_seconds=start,
        startup_probe_seconds=min(probe, CLOUD_RUN_PROBE_LIMIT_SECONDS) if where.runs_on == "cloud-run" else probe,
        usd_per_hour=where.usd_per_hour,
        price_source=where.price_source,
        usd_per_month=usd_per_month,
        usd_per_million_tokens=_usd_per_million(demand, where.usd_per_hour, load.concurrent_requests, decode, first),
        decode_tokens_per_second=decode,
        first_token_seconds=first,
        overrides=override.values,
        override_reason=override.reason,
        rejected=rejected,
    )


def _usd_per_million(demand: Demand, usd_per_hour: Decimal, requests: int, decode: Band, first: Band) -> Band:
    """USD for a million tokens, prompt and answer together, while `requests` typical requests are always under way."""

    def price(rate: float, wait: float) -> float:
        seconds = wait + demand.typical_answer_tokens / rate
        tokens_per_hour = requests * demand.typical_tokens / seconds * 3600
        return round(float(usd_per_hour) / tokens_per_hour * 1e6, 4)

    return Band(price(decode.worst, first.worst), price(decode.typical, first.typical), price(decode.best, first.best))
