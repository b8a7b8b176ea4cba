"""How every chart of the platform is installed: a Helm release at a pinned version that waits until all of it is ready.

Owns the release; makes no namespace, so that labels stand on it before anything runs in it. An installation that fails is taken
back whole, an upgrade that fails is rolled back. One setting sends charts and images to a mirror. For charts it is a folder of an
OCI registry that holds them under their own names: a chart is fetched by whoever runs Pulumi, whose Docker login is used.
Replaced when: name or namespace changes.
Source: pulumi/pulumi-kubernetes provider/pkg/provider/helm_release.go (2026-07-01).
"""

from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as k8s

from components.google.registry_references import mirrored
from components.kubernetes.versions import Chart

#: Until all objects of a chart are ready: image pulls through a new mirror included (own choice; Helm's default is 300).
WAIT_SECONDS = 900
#: Releases that Helm keeps for a rollback; each is a Secret of up to 1 MiB.
KEPT_RELEASES = 5


class Mirror(TypedDict):
    """Where charts and images come from instead of their public registries."""

    charts: NotRequired[str]
    """Folder of an OCI registry that holds all charts, `oci://...`. Default: each chart's own public address."""
    images: NotRequired[dict[str, str]]
    """What stands instead of each registry's name in an image's reference, by registry. Default: the public registries."""
    digests: NotRequired[dict[str, str]]
    """Digests `sha256:...` of images, by their public reference without tag, as the organisation has checked them. Default: the
    tags of the releases, and the digests that releases name themselves."""


def chart_release(
    name: str,
    chart: Chart,
    namespace: pulumi.Input[str],
    values: dict[str, Any],
    mirror: Mirror,
    opts: pulumi.ResourceOptions,
) -> k8s.helm.v3.Release:
    """The release of a chart. `name` is Pulumi's name of it; in the cluster it is called like the chart."""
    folder = mirror.get("charts", chart.repository)
    from_registry = folder.startswith("oci://")
    return k8s.helm.v3.Release(
        name,
        name=chart.name,
        chart=f"{folder}/{chart.name}" if from_registry else chart.name,
        version=chart.version,
        repository_opts=None if from_registry else k8s.helm.v3.RepositoryOptsArgs(repo=folder),
        namespace=namespace,
        create_namespace=False,
        values=values,
        atomic=True,
        cleanup_on_fail=True,
        skip_await=False,
        wait_for_jobs=True,
        timeout=WAIT_SECONDS,
        max_history=KEPT_RELEASES,
        opts=opts,
    )


def check_mirror(mirror: Mirror) -> None:
    """Raises ValueError for a mirror that cannot be meant."""
    charts = mirror.get("charts")
    if charts is not None and (not charts.startswith("oci://") or charts.endswith("/")):
        raise ValueError(
            f"mirror.charts is '{charts}'; a folder of an OCI registry is needed, such as oci://host/folder"
        )
    for reference, digest in mirror.get("digests", {}).items():
        if not digest.startswith("sha256:") or len(digest) != len("sha256:") + 64:
            raise ValueError(
                f"mirror.digests['{reference}'] is '{digest}'; sha256: and 64 hexadecimal digits are needed"
            )


def repository(reference: str, mirror: Mirror) -> str:
    """Where an image comes from; neither tag nor digest change, where the reference has them.

    Raises ValueError for a registry that has no mirror while others have.
    """
    images = mirror.get("images")
    return mirrored(reference, images) if images else reference


def digest_of(reference: str, mirror: Mirror) -> str | None:
    """The digest that the mirror names for an image, given by its public reference without tag."""
    return mirror.get("digests", {}).get(reference)


def tag_values(reference: str, tag: str, mirror: Mirror) -> dict[str, str]:
    """The value `tag` of a chart that joins image and tag by a colon: with a digest behind it, where the mirror names one."""
    digest = digest_of(reference, mirror)
    return {"tag": f"{tag}@{digest}"} if digest else {}


def image(reference: str, mirror: Mirror) -> str:
    """The whole reference of an image: mirrored, and with the digest that the mirror names unless it has its own."""
    if "@" in reference:
        return repository(reference, mirror)
    digest = digest_of(without_tag(reference), mirror)
    return repository(reference, mirror) + (f"@{digest}" if digest else "")


def without_tag(reference: str) -> str:
    """A reference without its tag; the colon of a registry's port is none."""
    folder, slash, last = reference.rpartition("/")
    return f"{folder}{slash}{last.partition(':')[0]}"
