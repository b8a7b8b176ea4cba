"""Tells whoever uses a deprecated argument, at the place where the component is registered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pulumi

from components.deprecation import DEPRECATED, Deprecations, used


class Notes:
    """How names are spelt in what is told: as in Python, unless the package's provider is there, whose callers write none."""

    spelt: Callable[[str], str] = staticmethod(str)


def tell_deprecated(component: type, args: Mapping[str, Any], table: Deprecations = DEPRECATED) -> None:
    """Warns of each deprecated argument among `args`, and in a wish among them."""
    for note in [*used(component.__name__, args, table), *used("Wish", args.get("wish") or {}, table)]:
        pulumi.log.warn(f"{component.__name__}: {Notes.spelt(note)}")
