"""Examples of the rule approved-models: checkpoint, licence, revision and place of what is loaded."""

from __future__ import annotations

import dataclasses
import json

from components.sizing.catalogue import load_catalogue
from policy.examples.engine_objects import Change, Content, beside, container, flag, namespace, served
from policy.examples.labelled_objects import on_cloud_run
from policy.rules.approved_models import FROM_ELSEWHERE, NOT_APPROVED, OTHER_COMMAND, OTHER_MODEL
from policy.rules.record import NO_RECORD, OTHER_RECORD
from policy.rules.rule import UNKNOWN, Context, Example, Resource

GOOD = container(dict(served().properties))["args"][0]
CHECKPOINT = "google/gemma-4-E4B-it"
REVISION = GOOD.rpartition("/")[2]
DRAFTER = f"{CHECKPOINT}-assistant"
UPPER = GOOD.replace(REVISION, REVISION.upper())


def _catalogue_with(licence: str) -> Context:
    """A catalogue in which the checkpoint has a licence of its own."""
    shipped = load_catalogue()
    rows = [row.model_copy(update={"licence": licence} if row.id == CHECKPOINT else {}) for row in shipped.checkpoints]
    return Context(catalogue=dataclasses.replace(shipped, checkpoints=tuple(rows)))


def _loads(path: str) -> Change:
    """Puts another path into the arguments of an InferenceService, of a record, or of a service on Cloud Run."""

    def change(content: Content) -> None:
        if "template" in content:
            place, key = content["template"]["containers"][0], "args"
        elif "spec" in content:
            place, key = container(content), "args"
        else:
            place, key = content, "arguments"
        place[key] = [path, *place[key][1:]]

    return change


def _refused(shows: str, denied: str, *changes: Change) -> Example:
    return Example(shows, served(*changes), denied, beside=beside())


def _drafter(path: str) -> Change:
    return flag("--speculative-config=" + json.dumps({"model": path, "num_speculative_tokens": 2}))


def _unknown_arguments(content: Content) -> None:
    content["template"]["containers"][0]["args"] = UNKNOWN


def _sized_for(path: str) -> tuple[Resource, tuple[Content, ...]]:
    """A model at a path, with a record that says the same."""
    return served(_loads(path)), beside(_loads(path))


MOUNTED, BESIDE_MOUNTED = _sized_for(f"/models/{CHECKPOINT}/sha256:{'0' * 64}")
PINNED_DRAFTER = f"gs://models/{DRAFTER}/{'a' * 40}"

EXAMPLES: tuple[Example, ...] = (
    Example("a checkpoint of the catalogue at its revision", served(), beside=beside()),
    Example("the same as files, by the digest of its manifest", MOUNTED, beside=BESIDE_MOUNTED),
    Example(
        "with its drafter",
        served(_drafter(PINNED_DRAFTER)),
        beside=beside(_drafter(PINNED_DRAFTER)),
    ),
    Example(
        "a licence of the organisation's own", served(), context=_catalogue_with("LicenseRef-acme"), beside=beside()
    ),
    Example("on Cloud Run", on_cloud_run(), admission=False),
    _refused("no checkpoint of the catalogue", NOT_APPROVED, _loads(f"gs://models/acme/other-model/{REVISION}")),
    _refused("a misspelt one", NOT_APPROVED, _loads(GOOD.replace("E4B-it", "E4B-1t"))),
    _refused("no revision", "must end with a revision", _loads(f"gs://models/{CHECKPOINT}")),
    _refused("a branch in place of a revision", "must end with a revision", _loads(f"gs://models/{CHECKPOINT}/main")),
    _refused("a revision of 39 digits", "must end with a revision", _loads(GOOD[:-1])),
    _refused("a revision in capitals", "must end with a revision", _loads(UPPER)),
    _refused(
        "a folder below the bucket's own", "must end with a revision", _loads(GOOD.replace("models/", "models/x/"))
    ),
    _refused("from the hub, at the revision's name", "must end with", _loads(f"{CHECKPOINT}/{REVISION}")),
    _refused("a second model behind the first", FROM_ELSEWHERE, flag("--model=gs://elsewhere/model")),
    _refused("flags in a file that nobody judges", FROM_ELSEWHERE, flag("--config=/tmp/flags.yaml")),
    _refused(
        "another program before the model",
        OTHER_COMMAND,
        lambda content: container(content).update(command=["python3", "-m", "vllm.entrypoints.openai.api_server"]),
    ),
    Example(
        "approved, but not what was sized",
        served(_loads(GOOD.replace(REVISION, "b" * 40))),
        OTHER_MODEL,
        beside=beside(),
    ),
    Example("no record", served(), NO_RECORD, beside=(namespace(),)),
    Example(
        "the record of another deployment",
        served(),
        OTHER_RECORD,
        beside=beside(lambda record: record.update(deployment="search/reader")),
    ),
    Example(
        "a drafter that nobody pinned",
        served(_drafter(f"gs://models/{DRAFTER}")),
        "the drafter",
        denied_at_admission=OTHER_MODEL,
        beside=beside(),
    ),
    Example(
        "a licence that nobody knows",
        served(),
        "licence of google/gemma-4-E4B-it is 'unknown'",
        context=_catalogue_with("unknown"),
        denied_at_admission=NOT_APPROVED,
        beside=beside(),
    ),
    Example(
        "a hub's name on Cloud Run",
        on_cloud_run(_loads(CHECKPOINT)),
        "must end with a revision",
        admission=False,
    ),
    Example(
        "arguments that are not known before the update",
        on_cloud_run(_unknown_arguments),
        "not known before the update",
        admission=False,
    ),
)
