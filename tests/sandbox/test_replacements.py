"""What replaces a Google resource and what changes it in place: each argument of each component, through the real engine.

Every row of the table has an instance of its own, so that one update and one preview show them all. What forces a replacement
is what the stand-ins know of the real provider's schemas.
"""

from __future__ import annotations

import sys
from collections import defaultdict

import pytest

from components.schema import COMPONENTS
from sandbox.paths import Layout
from tests.sandbox.harness import Sandbox
from tests.sandbox.replacements.case import Case, Subject
from tests.sandbox.replacements.program import CHANGED, SUBJECTS

#: Arguments that no case needs to change, and why.
LEFT_OUT = {
    "catalogue": "says what is allowed, and is no part of any resource",
    "project": "another project is another environment",
    # tests/unit/components/test_package_wish.py: what they become is what the stacks plan
    "wish": "becomes `model` and the like before anything is registered",
    "ownership": "belongs to a wish, and becomes labels",
    "engine": "belongs to a wish, and becomes the image",
}
Happened = dict[str, dict[str, set[str]]]
ROWS = [(subject, number) for subject in SUBJECTS for number in range(len(subject.cases))]


@pytest.fixture(scope="module")
def happened(set_up: Layout, tmp_path_factory: pytest.TempPathFactory) -> Happened:
    """What the preview of all changes says, by instance and resource."""
    sandbox = Sandbox.create(tmp_path_factory.mktemp("replacements"), policy_pack=None)
    sandbox.write("__main__.py", "from tests.sandbox.replacements.program import register\n\nregister()\n")
    up = sandbox.up("dev")
    assert up.exit_code == 0, up.output
    sandbox.write(CHANGED, "")
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for step in sandbox.steps("dev"):
        if step.op != "same" and step.type.startswith("gcp:"):
            package, _, kind = step.type.removeprefix("gcp:").partition(":")
            instance = step.name.partition("-")[0]
            found[instance][f"{package.partition('/')[0]}.{kind}"].add(step.op)
    return {instance: dict(resources) for instance, resources in found.items()}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("subject", "number"),
    ROWS,
    ids=[f"{subject.component.__name__}-{'+'.join(subject.cases[number].change)}" for subject, number in ROWS],
)
def test_a_change_replaces_and_updates_what_is_known_and_nothing_else(
    happened: Happened, subject: Subject, number: int
) -> None:
    assert happened.get(subject.instance(number), {}) == subject.cases[number].expected


def test_every_google_component_is_here_and_says_in_words_when_it_is_replaced() -> None:
    google = {component for component in COMPONENTS if component.__module__.startswith("components.google.")}
    assert google <= {subject.component for subject in SUBJECTS}
    for component in google:
        assert "Replaced when" in (sys.modules[component.__module__].__doc__ or ""), component


@pytest.mark.parametrize("subject", SUBJECTS, ids=[subject.component.__name__ for subject in SUBJECTS])
def test_every_argument_is_changed_in_some_case(subject: Subject) -> None:
    module = sys.modules[subject.component.__module__]
    arguments = set(getattr(module, f"{subject.component.__name__}Args").__annotations__)
    assert arguments - {argument for case in subject.cases for argument in case.change} <= set(LEFT_OUT)


def test_labels_replace_nothing() -> None:
    about_labels: list[Case] = [case for subject in SUBJECTS for case in subject.cases if "labels" in case.change]
    assert len(about_labels) >= 8
    assert [case.change for case in about_labels if case.replaced] == []
