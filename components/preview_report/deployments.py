"""What changes of each deployment, in the words of whoever wished for it, and what that means. Pure.

Compared are the sizing records that the deployed stack published with those that the program would publish.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from components.cost.money import difference as cents
from components.cost.plan.changes import NOTHING, RECORDS, Change
from components.cost.plan.published_cost import read_record_cost
from components.plan_step import SAME
from components.preview_report.preview import Change as Step
from components.preview_report.report import DeploymentLine
from components.preview_report.words import arrow, fit, gpus, host, minutes, replicas, tokens
from components.revisions import loads_anew

Records = Mapping[str, Mapping[str, Any]]
#: Causes of a change of money that the other column tells already, or that follow from it.
TOLD_ELSEWHERE = ("host", "option", "replicas", "replicas a host")
#: Places of a resource's inputs where its labels are.
_LABELS = re.compile(r"(^|\.)labels([.\[]|$)")
SHOWN_PATHS = 3


def records_of(outputs: Mapping[str, Any] | None) -> Records:
    """The sizing records among the outputs of a stack, by deployment."""
    found = (outputs or {}).get(RECORDS)
    return {str(k): v for k, v in found.items() if isinstance(v, Mapping)} if isinstance(found, Mapping) else {}


def deployment_lines(
    before: Records, after: Records, money: Iterable[Change] | None, steps: Iterable[Step]
) -> list[DeploymentLine]:
    """All deployments that change, the largest change of money first. `money` is None where amounts are not compared."""
    changed = {change.what: change for change in money or ()}
    own = [step for step in steps if step.op != SAME and step.counts]
    lines = []
    for key in sorted({*before, *after}):
        old, new = before.get(key), after.get(key)
        touched = [step for step in own if step.name == key]
        if old is not None and new is not None and key not in changed and old == new and not touched:
            continue
        lines.append(_line(key, old, new, changed.get(key), touched, money is not None))
    return sorted(lines, key=lambda line: (-abs(line.difference or 0), line.deployment))


def _line(
    key: str,
    old: Mapping[str, Any] | None,
    new: Mapping[str, Any] | None,
    money: Change | None,
    steps: list[Step],
    compared: bool,
) -> DeploymentLine:
    before, after = (
        read_record_cost(key, record).amounts if record is not None and compared else None for record in (old, new)
    )
    difference = money.expected if money else None
    if compared and difference is None:
        difference = cents((before or NOTHING).expected, (after or NOTHING).expected)
    if new is None:
        return DeploymentLine(key, "removed", "endpoint goes away", "-", before, after, difference)
    if old is None:
        start = f"starts in ~{minutes(new.get('startup_seconds'))}"
        return DeploymentLine(key, f"new: {_new(new)}", _placed(new), start, before, after, difference)
    reload = f"yes, ~{minutes(new.get('startup_seconds'))} a replica" if loads_anew(old, new) else "no"
    change = "; ".join(_wished(old, new) or _priced(money) or _technical(steps)) or "sizing record only"
    return DeploymentLine(key, change, _meaning(old, new), reload, before, after, difference)


def _new(record: Mapping[str, Any]) -> str:
    return f"{record.get('model')}, context {tokens(record.get('max_model_len'))}"


def _placed(record: Mapping[str, Any]) -> str:
    option = f" ({record['purchase_option']})" if record.get("purchase_option") else ""
    return f"{gpus(record)} on {host(record)}{option}, {replicas(record)}, {fit(record)}"


def _wished(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What was wished otherwise, as far as the records show it."""
    names: list[tuple[str, Callable[[Mapping[str, Any]], Any]]] = [
        ("model", lambda record: record.get("model")),
        ("checkpoint", lambda record: record.get("checkpoint")),
        ("weights", lambda record: str(record.get("revision"))[:7]),
        ("engine", lambda record: record.get("engine")),
        ("image", lambda record: record.get("image")),
        ("context", lambda record: tokens(record.get("max_model_len"))),
        ("requests at once a replica", lambda record: record.get("max_num_seqs")),
        ("drafter", lambda record: record.get("drafter") or "none"),
        ("adapters", lambda record: ", ".join(one["name"] for one in record.get("adapters") or []) or "none"),
        ("served by", lambda record: record.get("mode")),
        ("active hours", lambda record: _facts(record).get("active hours")),
        ("paused", lambda record: _facts(record).get("paused")),
        ("overrides", lambda record: record.get("overrides") or "none"),
    ]
    found = {name: (value(old), value(new)) for name, value in names if value(old) != value(new)}
    # another model has other checkpoints and weights, and another engine another image: one cause is told once
    for cause, effects in (("model", ("checkpoint", "weights")), ("checkpoint", ("weights",)), ("engine", ("image",))):
        if cause in found:
            for effect in effects:
                found.pop(effect, None)
    if "image" in found and all(isinstance(value, str) for value in found["image"]):
        found["image"] = _shorter(*found["image"])
    return [f"{name} {arrow(*values)}" for name, values in found.items()]


def _shorter(old: str, new: str) -> tuple[str, str]:
    """Two images without the name that they share."""
    name = old.partition("@")[0].rpartition(":")[0] or old
    if not new.startswith(name):
        return old, new
    tag, other = old.removeprefix(name).lstrip(":"), new.removeprefix(name).lstrip(":")
    return tag[:40], other[:40]


def _priced(money: Change | None) -> list[str]:
    """What makes the difference of money where nothing was wished otherwise."""
    causes = money.causes if money else ()
    return [cause.replace(": ", " ", 1) for cause in causes if cause.partition(":")[0] not in TOLD_ELSEWHERE]


def _technical(steps: list[Step]) -> list[str]:
    """What changes in the resources of a deployment whose record stays as it is."""
    paths = [path for step in steps for path in step.paths if not path.startswith("data[")]
    labels = [path for path in paths if _LABELS.search(path)]
    others = [path for path in paths if path not in labels]
    shown = [*(["labels"] if labels else []), *dict.fromkeys(others)]
    left = len(shown) - SHOWN_PATHS
    return [", ".join(shown[:SHOWN_PATHS]) + (f" and {left} more" if left > 0 else "")] if shown else []


def _meaning(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    parts = []
    for name in (gpus, host, lambda record: record.get("purchase_option") or "by instance", replicas):
        before, after = name(old), name(new)
        if before != after:
            parts.append(arrow(before, after))
        elif name is gpus:
            parts.append(str(after))
    same = len(parts) == 1 and "->" not in parts[0]
    verdicts = arrow(old.get("verdict"), new.get("verdict")) if old.get("verdict") != new.get("verdict") else None
    parts.append(fit({**new, "verdict": verdicts or new.get("verdict")}))
    as_before = same and verdicts is None and old.get("spare_bytes") == new.get("spare_bytes")
    return ("as before: " if as_before else "") + ", ".join(parts)


def _facts(record: Mapping[str, Any]) -> Mapping[str, Any]:
    cost = record.get("cost")
    facts = cost.get("facts") if isinstance(cost, Mapping) else None
    return facts if isinstance(facts, Mapping) else {}
