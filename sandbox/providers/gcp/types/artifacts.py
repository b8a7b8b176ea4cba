"""Artifact Registry. Limits and what forces replacement: terraform-provider-google artifact_registry_repository (2026-08),
cloud.google.com/artifact-registry/docs (2026)."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.providers.api import Failure, Properties
from sandbox.providers.gcp.limits import exactly_one, name_failures, one_of
from sandbox.providers.gcp.references import REGISTRY_AGENT, key_failures, needs_key, needs_member
from sandbox.providers.gcp.resource_type import ResourceType, World
from sandbox.providers.gcp.rules.grants import iam_member
from sandbox.providers.values import at, entries, items, known

TOKEN = "gcp:artifactregistry/repository:Repository"  # noqa: S105
MEMBER = "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember"
MODES = ("STANDARD_REPOSITORY", "VIRTUAL_REPOSITORY", "REMOTE_REPOSITORY")
FORMATS = ("DOCKER", "MAVEN", "NPM", "PYTHON", "APT", "YUM", "GO", "KFP", "GENERIC", "RUBY")
#: Where a remote repository gets things from: the field of each format, and its public source by name.
REMOTES = {
    "DOCKER": ("dockerRepository", ("DOCKER_HUB",)),
    "MAVEN": ("mavenRepository", ("MAVEN_CENTRAL",)),
    "NPM": ("npmRepository", ("NPMJS",)),
    "PYTHON": ("pythonRepository", ("PYPI",)),
    "APT": ("aptRepository", ()),
    "YUM": ("yumRepository", ()),
}
SOURCES = (*(field for field, _ in REMOTES.values()), "commonRepository")
NAME = r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?"


def _limits(world: World, inputs: Properties) -> list[Failure]:
    found = name_failures("repositoryId", inputs.get("repositoryId"), NAME, "1 to 63 letters, digits, hyphens")
    form, mode = inputs.get("format"), inputs.get("mode")
    found += one_of("format", str(form).upper() if known(form) else None, FORMATS)
    found += one_of("mode", mode, MODES)
    found += key_failures("kmsKeyName", inputs.get("kmsKeyName"), inputs.get("location"))
    for field, owner in (
        ("remoteRepositoryConfig", "REMOTE_REPOSITORY"),
        ("virtualRepositoryConfig", "VIRTUAL_REPOSITORY"),
    ):
        if inputs.get(field) is not None and (mode is None or known(mode)) and mode != owner:
            found.append((field, f"is for repositories of mode {owner}"))
    if mode == "REMOTE_REPOSITORY":
        found += _remote_limits(inputs)
    for index, policy in enumerate(items(inputs.get("cleanupPolicies"))):
        found += _cleanup_limits(f"cleanupPolicies[{index}]", policy)
    return found


def _remote_limits(inputs: Properties) -> list[Failure]:
    remote, path, form = (
        inputs.get("remoteRepositoryConfig"),
        "remoteRepositoryConfig",
        str(inputs.get("format")).upper(),
    )
    if remote is None:
        return [(path, "a remote repository needs to say what it is a mirror of")]
    found = exactly_one(path, remote, SOURCES)
    own = REMOTES.get(form, ("commonRepository", ()))[0]
    for field in SOURCES:
        if (
            known(inputs.get("format"))
            and entries(remote).get(field) is not None
            and field not in (own, "commonRepository")
        ):
            found.append((f"{path}.{field}", f"a repository of format {form} takes {own} or commonRepository"))
    for field, public in REMOTES.values():
        source = at(remote, field)
        if public and isinstance(source, dict):
            found += one_of(f"{path}.{field}.publicRepository", source.get("publicRepository"), public)
            found += exactly_one(f"{path}.{field}", source, ("publicRepository", "customRepository"))
    uris = (("commonRepository", "uri"), ("dockerRepository", "customRepository", "uri"))
    for place in uris:
        rule = "an address begins with https://, or it is the id of a repository"
        found += name_failures(".".join((path, *place)), at(remote, *place), r"(https://|projects/)\S+", rule)
    return found


def _cleanup_limits(path: str, policy: object) -> list[Failure]:
    found = one_of(f"{path}.action", at(policy, "action"), ("DELETE", "KEEP"))
    found += one_of(f"{path}.condition.tagState", at(policy, "condition", "tagState"), ("TAGGED", "UNTAGGED", "ANY"))
    found += exactly_one(path, policy, ("condition", "mostRecentVersions"))
    if at(policy, "mostRecentVersions") is not None and at(policy, "action") == "DELETE":
        found.append((f"{path}.mostRecentVersions", "only a policy that keeps versions can name the most recent ones"))
    return found


def _uri(world: World, inputs: Properties) -> str:
    host = f"{inputs.get('location')}-{str(inputs.get('format')).lower()}.pkg.dev"
    return f"{host}/{world.project_of(inputs)}/{inputs.get('repositoryId')}"


def _repository_of(world: World, inputs: Properties) -> str:
    """The repository that a grant is on."""
    return (
        f"projects/{world.project_of(inputs)}/locations/{world.location_of(inputs)}/repositories/{inputs['repository']}"
    )


def _members(world: World, inputs: Properties) -> Iterator[tuple[str, str]]:
    own = _repository_id(world, inputs)
    for record in world.cloud.all(MEMBER):
        if _repository_of(world, record["inputs"]) == own:
            yield MEMBER, record["id"]


def _repository_id(world: World, inputs: Properties) -> str:
    place = f"projects/{world.project_of(inputs)}/locations/{world.location_of(inputs)}"
    return f"{place}/repositories/{inputs['repositoryId']}"


def _needs_repository(world: World, inputs: Properties) -> str | None:
    repository = _repository_of(world, inputs)
    if world.cloud.get(TOKEN, repository) is None:
        return f"Error 404: Requested entity was not found: {repository}, notFound"
    return needs_member(world, inputs)


RESOURCE_TYPES = (
    iam_member(
        token=MEMBER,
        holder=_repository_of,
        holder_fields=("repository", "location"),
        refuses=_needs_repository,
    ),
    ResourceType(
        token=TOKEN,
        identity=_repository_id,
        computed=lambda w, i: {
            "name": i.get("repositoryId"),
            "createTime": "2026-01-01T00:00:00Z",
            "updateTime": "2026-01-01T00:00:00Z",
            "registryUri": _uri(w, i),
        },
        replace=(
            "repositoryId",
            "location",
            "format",
            "mode",
            "kmsKeyName",
            "mavenConfig.allowSnapshotOverwrites",
            "mavenConfig.versionPolicy",
            *(f"remoteRepositoryConfig.{source}" for source in SOURCES),
            "remoteRepositoryConfig.description",
        ),
        limits=_limits,
        refuses=lambda w, i: needs_key(w, i.get("kmsKeyName"), REGISTRY_AGENT),
        contents=_members,
        auto_name=None,
        labels="labels",
    ),
)
