"""How the generated pages in docs/ are rendered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2

from stacks.describe.described_teams import teams_digest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "docs" / "templates"


def render(template: str, **values: Any) -> str:
    """A page from its template, `docs/templates/<template>`; a value that the template wants and nobody gives is an error.

    Templates of pages about the environments show `teams`, the digest of the team files that they describe.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  (Markdown of our own)
    )
    return environment.get_template(template).render(teams=teams_digest(ROOT), **values)
