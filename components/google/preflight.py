"""Asks Google, before anything is registered, whether quota and zones suffice for what a stack asks. Registers no resource.

A look-up that fails is no problem of the stack: then a note says what was not checked and why, and what is declared holds.
Google's answer is no promise either: a quota that is granted says nothing of what is in use or in stock.
Needs the API cloudquotas.googleapis.com, and roles/cloudquotas.viewer and roles/compute.viewer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import pulumi
import pulumi_gcp as gcp

from components.google.quota_needs import Ask, Need, Quota, needs, shortfall, without_quota

DECLARED = "the declared quota and the catalogue's zones are used"
#: How the SDK begins the message of a look-up that failed (pulumi 3.272.0, runtime/invoke.py).
FAILED = "invoke of "
#: What engine and provider put before Google's own words.
PREFIXES = re.compile(
    r"^(invoke of \S+ failed: |invocation of \S+ returned an error: |invoking \S+: |\d+ errors? occurred:|\*)\s*"
)
#: Length at which a reason is cut; Google's texts can be pages.
REASON_LENGTH = 300

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class PreflightResult:
    """What came of it. `ran` is True when Google answered anything; `notes` say what was not checked and why."""

    ran: bool
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class UnansweredError(Exception):
    """A look-up without a usable answer; the text is the reason. `absent`: Google does not know what was asked for."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.absent = re.search(r"\b404\b|\bnot ?found\b", reason, re.IGNORECASE) is not None


def run_preflight(
    asks: Sequence[Ask], project: str, opts: pulumi.InvokeOptions | None = None, skip: bool = False
) -> PreflightResult:
    """Compares everything that is asked with Google's answers. Waits for them; raises nothing when there are none.

    `skip`: the settings turn it off, so that nobody is asked.
    """
    if skip:
        return PreflightResult(False, notes=(f"preflight is off, so that Google was not asked: {DECLARED}",))
    if not asks:
        return PreflightResult(False)
    notes: list[str] = []
    if unknown := without_quota(asks):
        notes.append(f"no quota id is known for {', '.join(unknown)}: the declared quota is used")
    wanted = needs(asks)
    granted, no_quota = look_up_quotas(wanted, project, opts, notes)
    offers, no_zones = look_up_offers(asks, project, opts)
    failed = {what: why for what, why in (("GPU quota", no_quota), ("zones", no_zones)) if why}
    if failed:
        reasons = "; ".join(dict.fromkeys(failed.values()))
        notes.append(f"the check of {' and '.join(failed)} did not run, because {reasons}; {DECLARED}")
    short = shortfall(wanted, granted, project)
    problems = [*([short] if short else []), *_missing_offers(asks, offers, project, opts)]
    return PreflightResult(bool(granted or offers), tuple(problems), tuple(notes))


def look_up_quotas(
    wanted: Sequence[Need], project: str, opts: pulumi.InvokeOptions | None, notes: list[str]
) -> tuple[dict[Quota, int], str | None]:
    """(quotas in force, why the look-up ended early). A quota that Google does not know is noted, and the others go on."""
    granted: dict[Quota, int] = {}
    for quota in (need.quota for need in wanted):
        try:
            granted[quota] = _in_force(quota, project, opts)
        except UnansweredError as error:
            if not error.absent:
                return granted, str(error)
            notes.append(f"quota {quota.quota_id} was not checked, because {error}; the declared quota is used")
    return granted, None


def look_up_offers(
    asks: Sequence[Ask], project: str, opts: pulumi.InvokeOptions | None
) -> tuple[dict[tuple[str, str], bool], str | None]:
    """(whether a zone has a machine type, by both; why the look-up ended early)."""
    offers: dict[tuple[str, str], bool] = {}
    pairs = [(zone, ask.machine_type) for ask in asks if ask.machine_type for zone in ask.zones]
    for zone, machine_type in dict.fromkeys(pairs):
        try:
            offers[zone, machine_type] = _is_offered(zone, machine_type, project, opts)
        except UnansweredError as error:
            return offers, str(error)
    return offers, None


def _missing_offers(
    asks: Sequence[Ask], offers: dict[tuple[str, str], bool], project: str, opts: pulumi.InvokeOptions | None
) -> list[str]:
    """A message for each machine type that a zone does not have, with the zones of the region that do."""
    messages: list[str] = []
    for ask in asks:
        if ask.machine_type is None:
            continue
        missing = [zone for zone in ask.zones if offers.get((zone, ask.machine_type)) is False]
        if missing:
            message = f"{ask.subject}: Google does not offer {ask.machine_type} in {', '.join(missing)}"
            messages.append(f"{message}; {_elsewhere(ask.region, ask.machine_type, project, opts)}")
    return list(dict.fromkeys(messages))


def _elsewhere(region: str, machine_type: str, project: str, opts: pulumi.InvokeOptions | None) -> str:
    try:
        zones = _answer(lambda: gcp.compute.get_zones(project=project, region=region, opts=opts)).names
        having = [zone for zone in zones if _is_offered(zone, machine_type, project, opts)]
    except UnansweredError as error:
        return f"which zones have it is not known, because {error}"
    return f"zones of {region} that have it: {', '.join(having) or 'none'}"


def _in_force(quota: Quota, project: str, opts: pulumi.InvokeOptions | None) -> int:
    """The value of a quota where `quota` is for, in its own unit."""
    info = _answer(
        lambda: gcp.cloudquota.get_s_quota_info(
            parent=f"projects/{project}", service=quota.service, quota_id=quota.quota_id, opts=opts
        )
    )
    if not info.dimensions_infos:
        raise UnansweredError("Google's answer holds no value")
    # an entry without a dimension holds for every value of it that has no entry of its own
    fitting = [entry for entry in info.dimensions_infos if entry.dimensions.items() <= quota.dimensions.items()]
    if not fitting:
        return 0
    closest = max(fitting, key=lambda entry: len(entry.dimensions))
    # the API leaves out a value of 0, as protocol buffers do
    return int(closest.details[0].value or 0) if closest.details else 0


def _is_offered(zone: str, machine_type: str, project: str, opts: pulumi.InvokeOptions | None) -> bool:
    wanted = f'name = "{machine_type}"'
    found = _answer(lambda: gcp.compute.get_machine_types(project=project, zone=zone, filter=wanted, opts=opts))
    return any(machine.name == machine_type for machine in found.machine_types or [])


def _answer(ask: Callable[[], Answer]) -> Answer:
    """The answer of a look-up. The SDK raises a plain Exception for one that fails, of which only the text is its own."""
    try:
        return ask()
    except Exception as error:
        if not str(error).startswith(FAILED):
            raise
        raise UnansweredError(reason_of(str(error))) from error


def reason_of(message: str) -> str:
    """Google's words in one line, without what engine and provider put before them."""
    text, before = " ".join(message.split()), None
    while text != before:
        before, text = text, PREFIXES.sub("", text)
    return text if len(text) <= REASON_LENGTH else f"{text[:REASON_LENGTH]} ..."
