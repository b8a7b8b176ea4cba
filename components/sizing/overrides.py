"""What the platform's owners decide for one deployment in place of placement: looked up, checked, and held against places."""

from __future__ import annotations

from components.sizing.capacity import batch_candidates
from components.sizing.catalogue import Catalogue, Model
from components.sizing.demand import Demand, Override, Supply
from components.sizing.errors import SizingError, did_you_mean
from components.sizing.places import Place

NONE = Override(reason="")


def override_of(demand: Demand, supply: Supply) -> Override:
    """The override of a deployment; one that decides nothing where there is none."""
    return supply.overrides.get(demand.key, NONE)


def in_words(demand: Demand, override: Override) -> str:
    """For messages: what is decided, for which deployment, and why."""
    decided = ", ".join(f"{name}: {value}" for name, value in override.values.items())
    return f"override of {demand.key} ({decided}; {override.reason})"


def check_override(demand: Demand, override: Override, catalogue: Catalogue, model: Model) -> None:
    """Refuses an override that no host could ever meet, naming it."""
    problem = _problem(demand, override, catalogue, model) if override is not NONE else None
    if problem is not None:
        raise SizingError(f"{in_words(demand, override)}: {problem}")


def _problem(demand: Demand, override: Override, catalogue: Catalogue, model: Model) -> str | None:
    named, machine = override.accelerator, override.machine_type
    cards = dict.fromkeys(name for a in catalogue.accelerators if a.regions for name in (a.id, a.node_label))
    if named is not None and named not in cards:
        return f"no GPU of the catalogue is called '{named}'{did_you_mean(named, cards)}"
    machines = [known.id for known in catalogue.machines]
    if machine is not None and machine not in machines:
        return f"unknown machine type '{machine}'{did_you_mean(machine, machines)}"
    share = override.gpu_memory_utilization
    if share is not None and not 0 < share <= 1:
        return f"gpu_memory_utilization is {share:g}, not a share above 0 and at most 1"
    batch, least = override.max_num_batched_tokens, batch_candidates(demand, model)[0]
    if batch is not None and "video" in demand.inputs and batch < least:
        return f"max_num_batched_tokens is below the {least} that videos need"
    return None


def meets(place: Place, override: Override) -> bool:
    """True when a place is one that the override allows."""
    card, machine = place.accelerator, place.machine.id if place.machine else None
    return (
        override.accelerator in (None, card.id, card.node_label)
        and override.machine_type in (None, machine)
        and override.tensor_parallel_size in (None, place.tensor_parallel_size)
    )
