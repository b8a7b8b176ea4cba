"""Which version numbers are taken, and how they follow each other. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from semver import Version

from release.errors import ReleaseError

TAG_PREFIX = "v"


def parse_version(text: str) -> Version:
    """A version to release. Raises ReleaseError for anything but three numbers; pre-releases are not made."""
    if not text:
        raise ReleaseError("the version is missing; write make release VERSION=0.2.0")
    if not Version.is_valid(text) or (found := Version.parse(text)).prerelease or found.build:
        raise ReleaseError(
            f"'{text}' is no version to release; write three numbers without leading zeros, MAJOR.MINOR.PATCH, such as 0.2.0"
        )
    return found


def tag_of(version: Version) -> str:
    """The tag that a release gets."""
    return f"{TAG_PREFIX}{version}"


def latest(tags: Iterable[str]) -> Version | None:
    """The highest release among tags; tags of another form are somebody else's."""
    names = (tag.removeprefix(TAG_PREFIX) for tag in tags if tag.startswith(TAG_PREFIX))
    return max((Version.parse(name) for name in names if Version.is_valid(name)), default=None)


def step(previous: Version | None, version: Version) -> str:
    """What kind of release it is: "first", "major", "minor" or "patch". Raises ReleaseError where it does not go up."""
    if previous is None:
        return "first"
    if version <= previous:
        following = ", ".join(str(one) for one in (previous.bump_patch(), previous.bump_minor(), previous.bump_major()))
        raise ReleaseError(
            f"{version} is not above {previous}, the last release; what can follow is one of {following}"
        )
    if version.major != previous.major:
        return "major"
    return "minor" if version.minor != previous.minor else "patch"
