"""Arguments that are on their way out. They live for one minor version after the release that says so. Pure.

Said in the package's schema, by a warning when one is used, and at last by the check before a release, which refuses a version in
which one is left that has had its time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from semver import Version

from components.caller_terms import camel, in_callers_terms, names_in


@dataclass(frozen=True, slots=True)
class Deprecation:
    """`since` is the first version that says so; `instead` what to write, in the words of Python programs."""

    since: str
    instead: str

    @property
    def last(self) -> str:
        """The versions in which the argument still works."""
        version = Version.parse(self.since)
        return f"{version.major}.{version.minor}"

    def message(self, argument: str) -> str:
        """What a caller is told."""
        return f"{argument} is deprecated since {self.since} and goes after {self.last}.x; {self.instead}"

    def is_over(self, version: str) -> bool:
        """True for the versions in which the argument may be there no longer."""
        now, since = Version.parse(version), Version.parse(self.since)
        return (now.major, now.minor) > (since.major, since.minor)


Deprecations = Mapping[tuple[str, str], Deprecation]

#: By component, or the type of an argument such as Wish, and name of the argument in Python. None at present.
DEPRECATED: Deprecations = {}


def used(owner: str, given: Iterable[str], table: Deprecations = DEPRECATED) -> list[str]:
    """What to tell whoever gives these arguments to `owner`."""
    return [table[owner, name].message(name) for name in given if (owner, name) in table]


def problems(schema: Mapping[str, Any], version: str, table: Deprecations = DEPRECATED) -> list[str]:
    """Why `version` cannot be released with this schema: arguments that have had their time, and entries about none."""
    found = []
    for (owner, name), entry in sorted(table.items()):
        if camel(name) not in _arguments(schema, owner):
            found.append(f"{owner} has no argument {name}; take it out of components/deprecation.py")
        elif entry.is_over(version):
            found.append(f"{owner}.{name} is deprecated since {entry.since} and has had its minor version; remove it")
    return found


def mark(schema: Mapping[str, Any], table: Deprecations = DEPRECATED) -> None:
    """Puts the messages into a package schema, in its spelling."""
    names = names_in(schema)
    for (owner, name), entry in table.items():
        if (found := _arguments(schema, owner).get(camel(name))) is not None:
            found["deprecationMessage"] = in_callers_terms(entry.message(name), names)


def _arguments(schema: Mapping[str, Any], owner: str) -> Mapping[str, Any]:
    """The arguments of a component, or the fields of a type, by their names in the schema."""
    for kind, properties in (("resources", "inputProperties"), ("types", "properties")):
        for token, entry in schema[kind].items():
            if token.rpartition(":")[2] == owner:
                return entry.get(properties, {})
    return {}
