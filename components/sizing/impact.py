"""What an engine upgrade does to a deployment: whether it still starts and holds its load as it runs today, and what it
would get anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from components.sizing.capacity import allowed
from components.sizing.catalogue import Catalogue
from components.sizing.demand import Demand, Supply
from components.sizing.engine_arguments import engine_arguments
from components.sizing.errors import SizingError
from components.sizing.evidence import spread_of
from components.sizing.legality import why_illegal
from components.sizing.memory import Budget, Fit, assess
from components.sizing.placement import place
from components.sizing.record import SizingRecord


@dataclass(frozen=True, slots=True)
class Impact:
    """One deployment under two engines.

    `before` and `after` are the records that each engine gets, None with the reason in `refusal` where it gets none. `kept`
    is the budget of today's arguments and machine under the new engine; `holds` says whether that may go on. Largest context
    and most requests are those that today's replica could hold.
    """

    deployment: str
    before: SizingRecord | None
    after: SizingRecord | None
    refusal: str | None
    kept: Budget | None
    holds: bool
    why_not: str | None
    largest_context: tuple[int, int]
    most_requests: tuple[int, int]
    flags_added: tuple[str, ...]
    flags_removed: tuple[str, ...]

    @property
    def usd_difference(self) -> Decimal | None:
        """Change of the USD a month by which places are compared."""
        return self.after.usd_per_month - self.before.usd_per_month if self.before and self.after else None


def impact_of(demand: Demand, supply: Supply, catalogue: Catalogue, old: str, new: str) -> Impact:
    """What going from release `old` to `new` does to one deployment. Raises SizingError for an unknown release."""
    catalogue.engine(old)
    engine = catalogue.engine(new)
    before, refused_before = _placed(demand, replace(supply, engine_version=old), catalogue)
    after, refused_after = _placed(demand, replace(supply, engine_version=new), catalogue)
    if before is None:
        return Impact(demand.key, None, after, refused_before, None, False, refused_before, (0, 0), (0, 0), (), ())
    config = before.budget.config
    block = engine.block_size_on(config.accelerator, config.model, config.kv_element_bytes, not config.text_only)
    moved = config._replace(
        engine=engine,
        block_size_tokens=block,
        spread=spread_of(catalogue, config.model, config.accelerator, engine),
    )
    kept = assess(moved, before.budget.load)
    illegal = why_illegal(moved, catalogue)
    holds = illegal is None and allowed(kept, demand, supply)
    why_not = (
        None
        if holds
        else illegal or f"{kept.fit}: {-kept.spare_bytes / 2**30:.1f} GiB short, {kept.deciding_term.name}"
    )
    old_flags, new_flags = _flags(before), _flags(after)
    return Impact(
        deployment=demand.key,
        before=before,
        after=after,
        refusal=refused_after,
        kept=kept,
        holds=holds,
        why_not=why_not,
        largest_context=(largest_context(before.budget), largest_context(kept)),
        most_requests=(most_requests(before.budget), most_requests(kept)),
        flags_added=tuple(flag for flag in new_flags if flag not in old_flags),
        flags_removed=tuple(flag for flag in old_flags if flag not in new_flags),
    )


def largest_context(budget: Budget) -> int:
    """Longest max_model_len with which the same load fits, at most the model's own; 0 when none does."""
    config = budget.config
    return _largest(
        config.model.max_context_tokens,
        lambda tokens: assess(config._replace(max_model_len=tokens), budget.load).fit is Fit.FITS,
    )


def most_requests(budget: Budget) -> int:
    """Most requests at once of the same lengths that fit one replica; 0 when none does."""
    config, load = budget.config, budget.load
    return _largest(
        config.max_num_batched_tokens,
        lambda n: assess(config._replace(max_num_seqs=n), replace(load, concurrent_requests=n)).fit is Fit.FITS,
    )


def _largest(most: int, fits) -> int:
    """The largest number from 1 to `most` that fits; fitting is monotone."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def _placed(demand: Demand, supply: Supply, catalogue: Catalogue) -> tuple[SizingRecord | None, str | None]:
    try:
        return place(demand, supply, catalogue), None
    except SizingError as error:
        return None, str(error).splitlines()[0]


def _flags(record: SizingRecord | None) -> list[str]:
    return engine_arguments(record, record.budget.config.checkpoint.id)[1:] if record else []
