"""Rule: what is served is a checkpoint of the catalogue with a known licence, at a pinned revision, from the platform's weights.

The catalogue is the shipped one with the organisation's own rows: a row is how a checkpoint is approved. Its licence is its own,
else its model's, in the form of SPDX (spdx.github.io/spdx-spec/v3.0.1/annexes/spdx-license-expressions, 2024: own licences
are written LicenseRef-...). Adapters are a team's own and are not asked for.
Admission: the same by a pattern made from the catalogue, and the model and drafter are those of the sizing record.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from components.google.weights_loader.names import REVISION
from components.served_model import MOUNT_ROOT
from components.sizing.catalogue import Catalogue, Checkpoint
from components.sizing.errors import SizingError
from components.sizing.flags import COMMAND, Flags
from components.sizing.named_rows import checkpoint_of_path
from policy.rules.record import Record, compared, comparing, says
from policy.rules.rule import AdmissionPolicy, Context, Finding, Resource, Rule, Validation
from policy.rules.served import flags_of, words_of
from policy.rules.workload import Engine, applies, engine_of

#: The form of a licence's name, and the words by which people write that they do not know it.
LICENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")
NOT_KNOWN = ("noassertion", "none", "other", "unknown")
#: Flags by which the engine would load a model, or parts of one, from elsewhere (vLLM 0.33.0). RE2 and Python alike.
ELSEWHERE = r"^--(model|config|tokenizer|hf[-_]config[-_]path|spec[-_]model)(=.*)?$"
SPECULATIVE = "--speculative-config"

NOT_APPROVED = "what it loads is not a pinned revision of an approved checkpoint"
NOT_PINNED = (
    f"must end with a revision, as gs://<bucket>/<checkpoint>/<revision> or {MOUNT_ROOT}/<checkpoint>/<revision>: 40 hexadecimal "
    "digits, or sha256: and 64 of them"
)
OTHER_COMMAND = "its command is not `vllm serve`"
FROM_ELSEWHERE = "its arguments name a model elsewhere than in the first word after `vllm serve`"
OTHER_MODEL = "what it loads is not what its sizing record says"


def check(resource: Resource, context: Context) -> list[Finding]:
    """What of that which a resource serves is not approved."""
    engine = engine_of(resource)
    if engine is None:
        return []
    words = words_of(engine)
    if words is None:
        wrong = ["what it serves is missing, or not known before the update; write its arguments as plain values"]
    elif words[:2] != list(COMMAND):
        wrong = [f"{OTHER_COMMAND}, but '{' '.join(words[:2])}'"]
    else:
        wrong = [*_elsewhere(words), *_unapproved(words, flags_of(engine), context.catalogue)]
    return [Finding(f"{engine.subject}: {sentence}.") for sentence in wrong]


def _elsewhere(words: list[str]) -> list[str]:
    named = [word for word in words if re.fullmatch(ELSEWHERE, word)]
    return [f"{FROM_ELSEWHERE}: {', '.join(named)}"] if named else []


def _unapproved(words: list[str], flags: Flags, catalogue: Catalogue) -> list[str]:
    path, wrong = words[2] if len(words) > 2 else "", []
    try:
        wrong += _checkpoint(path, checkpoint_of_path(path, catalogue), catalogue)
    except SizingError as error:
        wrong.append(f"{NOT_APPROVED}: {error}; a row of the organisation's own catalogue approves one")
    try:
        drafter = flags.mapping(SPECULATIVE).get("model")
    except SizingError as error:
        return [*wrong, str(error)]
    if drafter is not None and not re.fullmatch(pattern(row.id for row in catalogue.drafters), str(drafter)):
        wrong.append(f"the drafter '{drafter}' is none of the catalogue's, or is not pinned: it {NOT_PINNED}")
    return wrong


def _checkpoint(path: str, checkpoint: Checkpoint, catalogue: Catalogue) -> list[str]:
    wrong = []
    if not known_licence(checkpoint, catalogue):
        wrong.append(
            f"the licence of {checkpoint.id} is '{licence_of(checkpoint, catalogue)}', which is not known; write its SPDX "
            "name, or LicenseRef-<name> of one of your own, into its row of the catalogue"
        )
    if not re.fullmatch(pattern([checkpoint.id]), path):
        wrong.append(f"{NOT_APPROVED}: '{path}' {NOT_PINNED}")
    return wrong


def licence_of(checkpoint: Checkpoint, catalogue: Catalogue) -> str:
    """The licence of a checkpoint: its own, else its model's."""
    return checkpoint.licence or catalogue.model(checkpoint.model).licence


def known_licence(checkpoint: Checkpoint, catalogue: Catalogue) -> bool:
    """True where the licence has a name that can be looked up."""
    licence = licence_of(checkpoint, catalogue)
    return LICENCE.fullmatch(licence) is not None and licence.lower() not in NOT_KNOWN


def pattern(ids: Iterable[str]) -> str:
    """What the place of one of these checkpoints looks like, revision included. RE2 and Python alike."""
    known = "|".join("".join(c if c.isalnum() or c in "-_/" else f"[{c}]" for c in id_) for id_ in ids)
    return f"^(gs://[^/]+|{MOUNT_ROOT})/({known})/{REVISION.pattern}$"


def check_stack(resources: Sequence[Resource], _: Context) -> list[Finding]:
    """InferenceServices that load something else than their sizing records say."""

    def differences(engine: Engine, record: Record) -> list[str]:
        words, of_record = words_of(engine) or [], record.get("arguments")
        told = of_record if isinstance(of_record, list) and of_record else ["none"]
        loaded = [word for word in words if word.startswith(SPECULATIVE)]
        same = words[2:3] == told[:1] and all(word in told for word in loaded)
        return [] if same else [f"{OTHER_MODEL}: {told[0]}"]

    return compared(resources, differences)


def admission(context: Context) -> tuple[AdmissionPolicy, ...]:
    """The model of an InferenceService is approved, and that of its record; so is its drafter."""
    catalogue = context.catalogue
    approved = pattern(row.id for row in catalogue.checkpoints if known_licence(row, catalogue))
    of_record = 'variables.record.?arguments[?0].orValue("none")'
    elsewhere = f'variables.words.filter(word, word.matches("{ELSEWHERE}"))'
    return (
        comparing(
            "approved-models",
            (
                Validation(
                    " && ".join(f'variables.words[?{i}].orValue("") == "{word}"' for i, word in enumerate(COMMAND)),
                    f"{OTHER_COMMAND}.",
                ),
                Validation(
                    f"{elsewhere}.size() == 0",
                    f"{FROM_ELSEWHERE}.",
                    says(f"{FROM_ELSEWHERE}: ", f'{elsewhere}.join(", ")'),
                ),
                Validation(
                    f'variables.model.matches("{approved}")',
                    f"{NOT_APPROVED}: its place {NOT_PINNED}.",
                    says(
                        f"{NOT_APPROVED}: '",
                        "variables.model",
                        f'"\' {NOT_PINNED}; approved is what the catalogue lists with a known licence."',
                    ),
                ),
                Validation(
                    f"variables.model == {of_record} && "
                    "variables.drafters.all(word, word in variables.record.?arguments.orValue([]))",
                    f"{OTHER_MODEL}.",
                    says(f"{OTHER_MODEL}: ", of_record),
                ),
            ),
            (
                ("model", 'variables.words[?2].orValue("")'),
                ("drafters", f'variables.words.filter(word, word.startsWith("{SPECULATIVE}"))'),
            ),
        ),
    )


RULE = Rule(
    id="approved-models",
    title="Only approved checkpoints are served, with a known licence and at a pinned revision",
    why="weights that nobody approved, or that may change, make answers and duties that nobody can account for",
    fix="serve a checkpoint of the catalogue from the platform's bucket at its revision; a new one gets a row of the catalogue",
    severity="high",
    applies=applies,
    check=check,
    admission=admission,
    check_stack=check_stack,
)
