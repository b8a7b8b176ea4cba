"""Wishes that contradict themselves or the model, refused before anything is tried, naming the field."""

from __future__ import annotations

import re

from components.sizing.catalogue import Model
from components.sizing.demand import Adapter, Demand
from components.sizing.errors import SizingError
from components.sizing.lora import RANKS, rank_of_buffers

#: Names and folders that can stand in an argument, in a request and in a mount without being quoted.
ADAPTER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
ADAPTER_SOURCE = re.compile(rf"{ADAPTER_NAME.pattern}(/{ADAPTER_NAME.pattern})*")


def check_wish(demand: Demand, model: Model) -> None:
    """Refuses wishes that the model can never meet."""
    if demand.context_tokens > model.max_context_tokens:
        raise SizingError(
            f"found {demand.context_tokens}, above {model.id}'s maximum of {model.max_context_tokens}", "context_tokens"
        )
    if missing := [i for i in demand.inputs if i not in model.inputs]:
        raise SizingError(
            f"{model.id} does not take {', '.join(missing)}; allowed: {', '.join(model.inputs)}", "inputs"
        )
    if demand.high_availability and demand.scale_to_zero:
        raise SizingError("high keeps two replicas, so it cannot be combined with scale_to_zero: true", "availability")
    answer = demand.max_answer_tokens
    if answer is not None and not demand.typical_answer_tokens <= answer <= demand.context_tokens:
        raise SizingError(
            f"found {answer}; allowed: from a typical answer, {demand.typical_answer_tokens}, to the context, "
            f"{demand.context_tokens}",
            "max_answer_tokens",
        )
    _check_adapters(demand)


def _check_adapters(demand: Demand) -> None:
    seen = {demand.name}
    for adapter in demand.adapters:
        if problem := _adapter_problem(adapter):
            raise SizingError(f"{adapter.name!r}: {problem}", "adapters")
        if adapter.name in seen:
            raise SizingError(f"{adapter.name!r} names the deployment or another adapter too", "adapters")
        seen.add(adapter.name)


def _adapter_problem(adapter: Adapter) -> str | None:
    if not ADAPTER_NAME.fullmatch(adapter.name):
        return "a name begins with a letter or digit; allowed after it: letters, digits, '.', '_' and '-'"
    if adapter.rank < 1 or rank_of_buffers(adapter.rank) is None:
        return f"the rank is {adapter.rank}; allowed: 1 to {RANKS[-1]}"
    if not ADAPTER_SOURCE.fullmatch(adapter.folder):
        return f"'{adapter.folder}' is no folder of a bucket: parts like those of a name, with '/' between them"
    return None
