"""Where the number of the last release stands in the tree, beside the changelog and the tag. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from semver import Version

from release.errors import ReleaseError

#: The schema of the components, and its copy from the last release, which `schema_check` compares it with.
SCHEMA, RELEASED_SCHEMA = "components/schema.json", "components/schema-released.json"


@dataclass(frozen=True, slots=True)
class Place:
    """One line of a file; the pattern's only group is the version."""

    file: str
    pattern: re.Pattern[str]


#: Whoever makes another file state the version adds it here.
PLACES = (
    Place("components/version.py", re.compile(r'^VERSION = "([^"\n]*)"$', re.MULTILINE)),
    Place("policy/PulumiPolicy.yaml", re.compile(r"^version: (\S+)$", re.MULTILINE)),
)


def with_version(texts: Mapping[str, str], version: Version) -> dict[str, str]:
    """The files of PLACES, each stating the version. Raises ReleaseError where a file does not state one exactly once."""
    problems, changed = [], {}
    for place in PLACES:
        text = texts[place.file]
        found = list(place.pattern.finditer(text))
        if len(found) != 1:
            problems.append(
                f"{place.file}: states a version {len(found)} times, not once; .ci/release/stated_versions.py says in which form"
            )
            continue
        start, end = found[0].span(1)
        changed[place.file] = text[:start] + str(version) + text[end:]
    if problems:
        raise ReleaseError(*problems)
    return changed
