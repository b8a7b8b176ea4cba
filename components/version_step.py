"""How large a step between two versions must be for what has changed: semantic versioning (semver.org, 2.0.0). Pure."""

from __future__ import annotations

from collections.abc import Sequence

from semver import Version

from components.schema_changes import Change, Effect


def refusal(changes: Sequence[Change], released: Version, wanted: Version) -> str | None:
    """Why `wanted` cannot be the version after `released` with these changes; None where it can.

    Below 1.0.0 a minor step may break callers.
    """
    if wanted < released:
        return f"{wanted} is below the last release, {released}"
    effects = {change.effect for change in changes}
    major = wanted.major > released.major
    minor = major or (wanted.major, wanted.minor) > (released.major, released.minor)
    may_break = minor if released.major == 0 else major
    least = released.bump_minor() if released.major == 0 else released.bump_major()
    if Effect.BREAKS in effects and not may_break:
        return f"it breaks callers, so it needs at least {least}, not {wanted}"
    if Effect.ANNOUNCED in effects and not minor:
        return f"a deprecated argument goes, so it needs at least {released.bump_minor()}, not {wanted}"
    return None
