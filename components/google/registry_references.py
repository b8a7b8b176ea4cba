"""References of images and charts through a mirror of their registry. Pure."""

from __future__ import annotations

from collections.abc import Mapping

DOCKER_HUB = "docker.io"
_OTHER_NAMES = {"index.docker.io": DOCKER_HUB, "registry-1.docker.io": DOCKER_HUB}
_CHART = "oci://"


def mirror_prefixes(project: str, region: str, repositories: Mapping[str, str]) -> dict[str, str]:
    """What stands instead of each registry's name in a reference, by registry."""
    return {registry: f"{region}-docker.pkg.dev/{project}/{id_}" for registry, id_ in repositories.items()}


def mirrored(reference: str, mirrors: Mapping[str, str]) -> str:
    """The reference of an image, or of a chart (`oci://...`), through its mirror; tag and digest stay as they are.

    `mirrors` is made by `mirror_prefixes`. Raises ValueError for a registry that has no mirror.
    """
    scheme = _CHART if reference.startswith(_CHART) else ""
    registry, path = _split(reference.removeprefix(_CHART))
    if not path or any(character.isspace() for character in reference):
        raise ValueError(f"'{reference}' is no reference of an image, such as docker.io/vllm/vllm-openai:v0.33.0")
    if registry not in mirrors:
        known = ", ".join(sorted(mirrors)) or "none"
        raise ValueError(f"'{reference}' comes from {registry}, which has no mirror; mirrored: {known}")
    return f"{scheme}{mirrors[registry]}/{path}"


def _split(reference: str) -> tuple[str, str]:
    """(registry, path): a first part without `.` or `:` is no registry, and Docker Hub is meant."""
    first, slash, rest = reference.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        registry, path = _OTHER_NAMES.get(first, first), rest
    else:
        registry, path = DOCKER_HUB, reference
    if registry == DOCKER_HUB and path and "/" not in path:
        path = f"library/{path}"
    return registry, path
