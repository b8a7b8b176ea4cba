"""Rule: the engine's release can run what the resource tells it to run.

Preview: model, checkpoint, GPU, parallelism, drafter and adapters against the divisibility rules and the known bugs of that
release (`components/sizing/legality.py`, `data/known_bugs.yaml`: each with its issue, since and until). What does not start, or
answers wrongly, is refused; what may fail or is slower is told. What cannot be read is refused.
Admission: the release is one whose arguments are all checked, and the one that the sizing record was made for; with which
arguments it is run, the rules about memory and derived settings compare.
"""

from __future__ import annotations

from collections.abc import Sequence

from components.sizing.catalogue import Catalogue, KnownBug
from components.sizing.engine_config import EngineConfig
from components.sizing.errors import SizingError
from components.sizing.legality import bugs_of, why_illegal
from components.sizing.named_rows import engine_of_image
from policy.rules.record import Record, compared, comparing, says
from policy.rules.rule import AdmissionPolicy, Context, Finding, Resource, Rule, Validation
from policy.rules.workload import Engine, applies, check_engine

NOT_DEPLOYABLE = "the engine of its image is no release whose arguments are all checked"
OTHER_ENGINE = "the engine of its image is not the one that its sizing record was made for"
ANEW = "run `make up`, which sizes the deployment for the release that the settings name"


def check(resource: Resource, context: Context) -> list[Finding]:
    """What the engine cannot run, and what it may fail at."""
    return check_engine(
        resource, context, "what its engine can run", lambda engine, config, gpus: _check(engine, config, gpus, context)
    )


def _check(engine: Engine, config: EngineConfig, _: int, context: Context) -> list[Finding]:
    found = []
    if not config.engine.deployable:
        known = ", ".join(_deployable(context.catalogue))
        found.append(Finding(f"{engine.subject}: {NOT_DEPLOYABLE}, but {config.engine.version}; allowed: {known}."))
    if reason := why_illegal(config, context.catalogue):
        words = f"vLLM {config.engine.version} cannot run this on {config.gpus}: {reason}"
        found.append(Finding(f"{engine.subject}: {words}."))
    warned = [bug for bug in bugs_of(config, context.catalogue) if bug.severity == "warn"]
    return [*found, *(Finding(f"{engine.subject}: {_told(bug)}.", advisory=True) for bug in warned)]


def _told(bug: KnownBug) -> str:
    """The bug in half a sentence: what happens, in which releases, where it is discussed, what avoids it."""
    since = f"since vLLM {bug.since}" if bug.since else "in all releases"
    until = f"until {bug.until}" if bug.until else "not mended"
    return f"{bug.title} ({bug.issue or bug.id}, {since}, {until}); {bug.avoid}"


def _deployable(catalogue: Catalogue) -> list[str]:
    return [engine.version for engine in catalogue.engines if engine.deployable]


def check_stack(resources: Sequence[Resource], context: Context) -> list[Finding]:
    """InferenceServices whose engine is not that of their sizing records."""

    def differences(engine: Engine, record: Record) -> list[str]:
        try:
            version = engine_of_image(str(engine.workload.image), context.catalogue).version
        except SizingError:
            version = "none that is known"
        told = record.get("engine")
        return [] if version == told else [f"{OTHER_ENGINE}, {told}; {ANEW}"]

    return compared(resources, differences)


def admission(context: Context) -> tuple[AdmissionPolicy, ...]:
    """The engine of an InferenceService is one that may be deployed, and that of its record."""
    allowed = "[" + ", ".join(f'"{version}"' for version in _deployable(context.catalogue)) + "]"
    told = 'variables.record.?engine.orValue("none")'
    return (
        comparing(
            "engine-capability",
            (
                Validation(
                    f"{allowed}.exists(version, variables.tag == version)",
                    f"{NOT_DEPLOYABLE}; allowed: {', '.join(_deployable(context.catalogue))}.",
                    says(f"{NOT_DEPLOYABLE}, but '", "variables.tag", f'"\'; allowed: " + {allowed}.join(", ")'),
                ),
                Validation(
                    f"variables.tag == {told}",
                    f"{OTHER_ENGINE}; {ANEW}.",
                    says(f"{OTHER_ENGINE}, ", told, f'"; {ANEW}."'),
                ),
            ),
            # as `engine_of_image` reads it: the tag, which a digest may follow
            (
                ("image", 'variables.engine.?image.orValue("")'),
                (
                    "tag",
                    'variables.image.matches(":v?[0-9]+[.][0-9]+[.][0-9]+(@sha256:[0-9a-f]{64})?$") ? '
                    'variables.image.find(":v?[0-9]+[.][0-9]+[.][0-9]+(@|$)").find("[0-9.]+") : ""',
                ),
            ),
        ),
    )


RULE = Rule(
    id="engine-capability",
    title="No combination that the engine's release is known to break",
    why="an engine that cannot run a combination stops after minutes of loading, or answers wrongly without a word",
    fix="another precision, GPU or parallelism, or the release that the message names",
    severity="high",
    applies=applies,
    check=check,
    admission=admission,
    check_stack=check_stack,
)
