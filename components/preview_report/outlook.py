"""What comes with a change: the memory of the engines that change, and what happens after the merge, with the way back. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from components.kubernetes.inference_service import STANDARD
from components.plan_step import CREATE, SAME
from components.preview_report.deployments import Records
from components.preview_report.preview import Change
from components.preview_report.report import DeploymentLine
from components.preview_report.words import gib, listed, minutes

WEIGHTS, KV_CACHE = "weights", "KV cache"
#: What of a record says how much memory an engine needs.
_MEMORY = ("terms", "usable_bytes", "verdict", "gpu_count", "accelerator")
#: The job that loads a checkpoint, as a part of its component.
LOADER_JOB = "WeightsLoaderJob$gcp:cloudrunv2/job:Job"


def sizing_lines(lines: Iterable[DeploymentLine], before: Records, after: Records) -> list[str]:
    """One for each deployment whose memory is another one, in the order of the lines."""
    found = []
    for line in lines:
        old, new = before.get(line.deployment), after.get(line.deployment)
        if new is None or (old is not None and all(old.get(name) == new.get(name) for name in _MEMORY)):
            continue
        terms = {term["name"]: term["high_bytes"] for term in new.get("terms") or []}
        rest = sum(size for name, size in terms.items() if name not in (WEIGHTS, KV_CACHE))
        found.append(
            f"{line.deployment} weights {gib(terms.get(WEIGHTS))}, KV {gib(terms.get(KV_CACHE))}, rest {gib(rest)} of "
            f"{gib(new.get('usable_bytes'))} GiB a GPU: {new.get('verdict')}"
        )
    return found


def after_merge(
    lines: Sequence[DeploymentLine],
    before: Records,
    after: Records,
    changes: Iterable[Change],
    places: Mapping[str, str],
    lost: Sequence[tuple[str, str]],
    first: str = "",
) -> str:
    """How long it takes, who serves meanwhile, what is to be done by hand, and the way back; `first` must come before."""
    steps = [change for change in changes if change.op != SAME and change.counts]
    if not steps:
        return "nothing happens"
    said: list[str] = []
    loading = [line.deployment for line in lines if line.deployment in before and line.reload.startswith("yes")]
    added = [line.deployment for line in lines if line.deployment not in before]
    removed = [line.deployment for line in lines if line.deployment not in after]
    if loading or added:
        longest = max(_seconds(after[key]) for key in (*loading, *added))
        said.append(f"~{minutes(longest)}, with a new node where none is free")
    if loading and not lost:
        said.append(_meanwhile([after[key] for key in loading]))
    if added:
        said.append(f"{listed(added)} {'answers' if len(added) == 1 else 'answer'} from then on")
    if removed:
        said.append(f"{listed(removed)} {'stops' if len(removed) == 1 else 'stop'} answering at once")
    said += [f"{resource} is {fate} and loses what it holds" for resource, fate in lost]
    if jobs := sorted(str(step.new.get("name")) for step in steps if _is_new_loader(step)):
        said.append(f"load the weights before it can start: run the job {listed(jobs, 5)}")
    if not said:
        said.append("at once; no model is loaded anew")
    one = loading[0] if len(loading) == 1 and not (added or removed or lost) else None
    back = _one_line(before[one], after[one], places.get(one)) if one else None
    text = "; ".join([*said, f"roll back: {back or _undone([*loading, *added], removed, places)}"])
    return f"nothing until {first}; then {text}" if first else text


def _seconds(record: Mapping[str, Any]) -> int:
    """A start with the node before it."""
    return int((record.get("seconds") or {}).get("cold_start") or record.get("startup_seconds") or 0)


def _meanwhile(records: Sequence[Mapping[str, Any]]) -> str:
    standard = [record for record in records if record.get("mode") == STANDARD]
    if len(standard) == len(records):
        return "the old pods serve until the new ones are ready"
    return "the old revision serves until the new one is ready"


def _one_line(old: Mapping[str, Any], new: Mapping[str, Any], place: str | None) -> str | None:
    """The way back where the earlier revision is kept beside the new one (docs/for-teams.md); None where it is not."""
    stays = all(old.get(name) == new.get(name) for name in ("runs_on", "mode", "machine_type"))
    if place is None or not stays or new.get("mode") == STANDARD:
        return None
    stable = " with `stable_revision`" if new.get("runs_on") == "cloud-run" else ""
    return f"one line in {_file(place)} (`canary_percent: 0`{stable})"


def _undone(changed: Sequence[str], removed: Sequence[str], places: Mapping[str, str]) -> str:
    if removed:
        return "undo the change; the weights stay in the bucket"
    files = sorted({_file(places[key]) for key in changed if key in places})
    return f"undo the change in {listed(files)}" if files else "undo the change"


def _file(place: str) -> str:
    """The name of a file without its folder and line."""
    return place.partition(":")[0].rpartition("/")[2]


def _is_new_loader(step: Change) -> bool:
    return step.op == CREATE and LOADER_JOB in step.urn
