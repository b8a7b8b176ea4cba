"""Mirrors of public container registries in Artifact Registry: images and charts are fetched once, and then come from the region.

Owns one remote repository for each mirrored registry. Holds no image that was not asked for, and creates nobody's right to read:
the nodes' identity and Cloud Run have it already. Costs USD 0.10 per GB and month for what is cached (list price, 2026), and with
scanning USD 0.26 for each new image. Replaced when: repository id or region changes, which empties the cache.
A remote repository cannot make tags immutable: whoever needs the same image every time names its digest, which a mirror passes
on unchanged. Docker Hub counts pulls without a login, by address; those of Artifact Registry are shared.
Source: docs.cloud.google.com/artifact-registry/docs/repositories/remote-repo and /cleanup-policy-overview (2026).
"""

from typing import TypedDict

import pulumi
import pulumi_gcp as gcp

from components.google.registry_references import DOCKER_HUB, mirror_prefixes
from components.package import token

#: Registries that can be mirrored, with the address that Artifact Registry asks; it knows Docker Hub by name.
UPSTREAMS = {
    DOCKER_HUB: "DOCKER_HUB",  # vLLM
    "gcr.io": "https://gcr.io",  # Knative
    "ghcr.io": "https://ghcr.io",  # KEDA, and charts of KServe and Kyverno
    "quay.io": "https://quay.io",  # cert-manager and Prometheus
    "registry.k8s.io": "https://registry.k8s.io",  # Kubernetes' own add-ons
}


class RegistryMirrorArgs(TypedDict):
    """Arguments of RegistryMirror."""

    project: str
    """Google Cloud project."""
    region: str
    """Region of the mirrors: the one that computes."""
    repositories: dict[str, str]
    """Ids of the repositories, by the registry that they mirror: docker.io, gcr.io, ghcr.io, quay.io, registry.k8s.io."""
    keep_versions: int
    """Newest versions of each image that are kept however old they are."""
    delete_after_days: int
    """Age at which other versions leave the cache; they are fetched again when somebody asks."""
    vulnerability_scanning: bool
    """Look for known vulnerabilities, where the project has the API containerscanning."""
    labels: dict[str, str]
    """Google labels."""


class RegistryMirror(pulumi.ComponentResource):
    """Mirrors of public registries."""

    mirrors: pulumi.Output[dict[str, str]]

    def __init__(self, name: str, args: RegistryMirrorArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        _refuse(args)
        super().__init__(token(RegistryMirror), name, {}, opts)
        repositories = {
            registry: gcp.artifactregistry.Repository(
                f"{name}-{registry}",
                project=args["project"],
                location=args["region"],
                repository_id=repository_id,
                description=f"Mirror of {registry}",
                format="DOCKER",
                mode="REMOTE_REPOSITORY",
                remote_repository_config=_upstream(registry),
                cleanup_policies=_cleanup_policies(int(args["keep_versions"]), int(args["delete_after_days"])),
                cleanup_policy_dry_run=False,
                vulnerability_scanning_config=gcp.artifactregistry.RepositoryVulnerabilityScanningConfigArgs(
                    enablement_config="INHERITED" if args["vulnerability_scanning"] else "DISABLED"
                ),
                labels=args["labels"],
                opts=pulumi.ResourceOptions(parent=self),
            )
            for registry, repository_id in args["repositories"].items()
        }
        prefixes = mirror_prefixes(args["project"], args["region"], args["repositories"])
        # the prefixes are known before; whoever takes them from here waits for the repositories
        ids = [repository.id for repository in repositories.values()]
        self.mirrors = pulumi.Output.all(*ids).apply(lambda _: prefixes)
        self.register_outputs({"mirrors": self.mirrors})


def _upstream(registry: str) -> gcp.artifactregistry.RepositoryRemoteRepositoryConfigArgs:
    description = f"Public images of {registry}"
    if registry == DOCKER_HUB:
        return gcp.artifactregistry.RepositoryRemoteRepositoryConfigArgs(
            description=description,
            docker_repository=gcp.artifactregistry.RepositoryRemoteRepositoryConfigDockerRepositoryArgs(
                public_repository=UPSTREAMS[registry]
            ),
        )
    return gcp.artifactregistry.RepositoryRemoteRepositoryConfigArgs(
        description=description,
        common_repository=gcp.artifactregistry.RepositoryRemoteRepositoryConfigCommonRepositoryArgs(
            uri=UPSTREAMS[registry]
        ),
    )


def _cleanup_policies(keep: int, days: int) -> list[gcp.artifactregistry.RepositoryCleanupPolicyArgs]:
    """What is kept is an exception from what is deleted: alone it would delete nothing."""
    return [
        gcp.artifactregistry.RepositoryCleanupPolicyArgs(
            id="delete-old",
            action="DELETE",
            condition=gcp.artifactregistry.RepositoryCleanupPolicyConditionArgs(older_than=f"{days * 24 * 3600}s"),
        ),
        gcp.artifactregistry.RepositoryCleanupPolicyArgs(
            id="keep-newest",
            action="KEEP",
            most_recent_versions=gcp.artifactregistry.RepositoryCleanupPolicyMostRecentVersionsArgs(keep_count=keep),
        ),
    ]


def _refuse(args: RegistryMirrorArgs) -> None:
    if not args["repositories"]:
        raise ValueError(f"repositories is empty; registries that can be mirrored: {', '.join(UPSTREAMS)}")
    for registry in args["repositories"]:
        if registry not in UPSTREAMS:
            raise ValueError(f"'{registry}' cannot be mirrored; allowed: {', '.join(UPSTREAMS)}")
    for field in ("keep_versions", "delete_after_days"):
        if int(args[field]) < 1:
            raise ValueError(f"{field} is {args[field]}; at least 1")
