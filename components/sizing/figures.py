"""The arithmetic behind a sizing record: each number with its unit and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass

from components.sizing.catalogue import GIB
from components.sizing.host import HOST_RULES
from components.sizing.kv_cache import tokens_in_flight
from components.sizing.memory import layout_of
from components.sizing.record import SizingRecord
from components.sizing.replicas import Replicas, paid_hours
from components.sizing.speed import BOOT_SECONDS, LOAD_GIB_PER_S, longest_generation_seconds, startup_bytes
from components.sizing.weights import resident_weights


@dataclass(frozen=True, slots=True)
class Figure:
    """One number: what it is, its value, its unit, and its source or rule."""

    term: str
    value: str
    unit: str
    source: str


def figures(record: SizingRecord) -> tuple[Figure, ...]:
    """All numbers of a record, in the order in which they follow from each other."""
    return (*_memory(record), *_kv_cache(record), *_host(record), *_time(record), *_money(record))


def _memory(record: SizingRecord) -> list[Figure]:
    budget, config = record.budget, record.budget.config
    card = config.accelerator
    weights = resident_weights(config)
    found = [
        Figure("CUDA total", f"{card.cuda_total_gib}", "GiB a GPU", f"{card.source}, {card.date}"),
        Figure("memory utilization", f"{config.gpu_memory_utilization:g}", "share", _who_decided(record)),
        Figure("usable", _gib(budget.usable_bytes), "GiB a GPU", "CUDA total x memory utilization"),
        *(Figure(f"weights: {part}", _gib(size), "GiB a GPU", "tensors.py") for part, size in weights.parts),
    ]
    for term in budget.terms:
        value = _gib(term.high_bytes)
        if term.low_bytes != term.high_bytes:
            value = f"{_gib(term.low_bytes)} to {value}"
        found.append(Figure(term.name, value, "GiB a GPU", term.source))
    for check in budget.checks:
        free = f"needs {_gib(check.needed_bytes)} of {_gib(check.least_free_bytes)}"
        found.append(Figure(check.name, free, "GiB a GPU", check.source))
    found.append(Figure("spare", _gib(budget.spare_bytes), "GiB a GPU", "usable less all terms at their upper end"))
    return found


def _kv_cache(record: SizingRecord) -> list[Figure]:
    config = record.budget.config
    layout, engine = layout_of(config), config.engine
    in_flight = tokens_in_flight(engine, config.max_num_batched_tokens, config.async_scheduling)
    pool = record.budget.pool
    blocks = layout.blocks(int(pool.typical))
    start = layout.blocks_to_start(config.max_model_len, in_flight)
    source = f"planner of vLLM {engine.version} ({engine.source})"
    return [
        Figure("KV groups", f"{layout.full_groups} full, {layout.sliding_groups} sliding", "groups", source),
        Figure("KV block", f"{layout.bytes_per_block}", "bytes a GPU", source),
        Figure(
            "tokens a block",
            f"{layout.full_block_tokens} full, {layout.sliding_block_tokens} sliding",
            "tokens",
            source,
        ),
        Figure(
            "one request at start", f"{start}", "blocks", f"{config.max_model_len} tokens and {in_flight} in flight"
        ),
        Figure(
            "KV pool", f"{_gib(pool.low)} to {_gib(pool.high)}", "GiB a GPU", "what the engine will log, with its range"
        ),
        Figure("KV blocks", f"{blocks}", "blocks", "typical pool over bytes of a block"),
        Figure(
            "maximum concurrency",
            f"{blocks / start:.2f}",
            "requests",
            "as that version logs it: in-flight tokens for each",
        ),
        Figure("requests at once", f"{config.max_num_seqs}", "requests", "peak over the replicas that carry it"),
    ]


def _host(record: SizingRecord) -> list[Figure]:
    wanted = {
        "vcpu": (record.vcpu, "vCPU"),
        "memory_gib": (record.memory_gib, "GiB"),
        "shared_memory_gib": (record.shared_memory_gib, "GiB"),
        "disk_gib": (record.disk_gib, "GiB"),
    }
    on_cloud_run = "the shape of the instance"
    return [
        Figure(
            f"host {name}",
            str(value),
            unit,
            on_cloud_run if record.runs_on == "cloud-run" and name in ("vcpu", "memory_gib") else HOST_RULES[name],
        )
        for name, (value, unit) in wanted.items()
    ]


def _time(record: SizingRecord) -> list[Figure]:
    config = record.budget.config
    size = startup_bytes(config) / GIB
    start = f"{size:.1f} GiB at {LOAD_GIB_PER_S:g} GiB/s and {BOOT_SECONDS} s of boot (estimate)"
    decode, first = record.decode_tokens_per_second, record.first_token_seconds
    estimate = "roofline fitted to public rows, with its band (estimate)"
    return [
        Figure("start-up", str(record.startup_seconds), "s", start),
        Figure("start-up probe", str(record.startup_probe_seconds), "s", "three times the estimate, at least 600 s"),
        Figure("decode", f"{decode.worst:.0f} to {decode.best:.0f}", "tokens/s a request", estimate),
        Figure("first token", f"{first.best:.2f} to {first.worst:.2f}", "s", estimate),
        Figure("longest answer", str(record.max_answer_tokens), "tokens", _who_limits(record)),
        Figure(
            "longest generation",
            str(longest_generation_seconds(record)),
            "s",
            "every slot busy, pessimistic end (estimate)",
        ),
    ]


def _who_decided(record: SizingRecord) -> str:
    overridden = "gpu_memory_utilization" in record.overrides
    return f"override of the environment: {record.override_reason}" if overridden else "the platform's choice"


def _who_limits(record: SizingRecord) -> str:
    if record.demand.max_answer_tokens is not None:
        return "the team's wish"
    whole = record.max_answer_tokens >= record.budget.config.max_model_len
    return "the whole context" if whole else "what is there within the platform's longest generation"


def _money(record: SizingRecord) -> list[Figure]:
    tokens = record.usd_per_million_tokens
    hours = _hours(record)
    return [
        Figure("price", f"{record.usd_per_hour:f}", "USD a replica-hour", record.price_source),
        Figure(
            "hours", f"{hours}", "replica-hours a month", "minimum 730 h; others active hours, starts and idle tails"
        ),
        Figure("price", f"{record.usd_per_month}", "USD a month", "price x hours"),
        Figure(
            "price",
            f"{tokens.best} to {tokens.worst}",
            "USD a million tokens",
            "at the load it is sized for (estimate)",
        ),
    ]


def _hours(record: SizingRecord) -> str:
    replicas = Replicas(record.min_replicas, record.max_replicas, record.max_num_seqs)
    return f"{paid_hours(record.demand, replicas, record.runs_on, record.startup_seconds):.1f}"


def _gib(size: float) -> str:
    return f"{size / GIB:.3f}"
