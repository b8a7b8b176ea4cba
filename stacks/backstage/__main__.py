"""`python -m stacks.backstage`: writes the template and its skeleton from the form and the committed environments."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from stacks.backstage.skeleton_text import skeleton_text
from stacks.backstage.template import SKELETON, template_text
from stacks.code_owners import committed_environments
from stacks.describe.page import ROOT
from stacks.environment import Environment

FOLDER = ROOT / "stacks" / "backstage"
TEMPLATE = FOLDER / "template.yaml"
#: The portal fills in names of files as well.
TEAM_FILE = FOLDER / SKELETON / "${{values.team}}.yaml"


def generated(environments: Iterable[Environment]) -> dict[Path, str]:
    """Text by file."""
    environments = list(environments)
    owner = environments[0].settings.owner
    return {TEMPLATE: template_text([each.name for each in environments], owner), TEAM_FILE: skeleton_text()}


if __name__ == "__main__":
    for target, text in generated(committed_environments()).items():
        target.parent.mkdir(exist_ok=True)
        target.write_text(text, encoding="utf-8")
        print(f"wrote {target.relative_to(ROOT)}")
