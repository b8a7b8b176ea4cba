"""The images that an environment installs by the tag of a release: the engine's, and those of charts that name no digest.

A tag may be moved by whoever publishes it, a digest cannot. `image_digests` of the settings names the digests, which are put
behind the tags; `stacks/image_digests.py` asks registries for them. Not listed: what releases name by digest themselves (Knative,
Envoy), the loader's image, which the settings name by digest, and KServe's own runtimes: those that are off run nothing, and to
the tag of kserve-huggingfaceserver KServe adds `-gpu`, behind which no digest fits (its pods are judged like all others).
A test renders the charts and compares.
"""

from __future__ import annotations

from components.kubernetes.versions import (
    CERT_MANAGER,
    KEDA,
    KNATIVE_OPERATOR,
    KSERVE_RESOURCES,
    KYVERNO,
    OPENCOST,
    Chart,
)
from components.sizing.catalogue import Catalogue
from stacks.environment import Environment
from stacks.problems import Problem
from stacks.settings import EnvironmentSettings

COMMAND = "python -m stacks.image_digests"
#: What the committed settings carry in place of digests that nobody has looked up: SHA-256 of nothing.
EXAMPLE = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

#: By chart, whose version is their tag. Tests hold them against the components and against the rendered charts.
OF_CHARTS: tuple[tuple[Chart, str, tuple[str, ...]], ...] = (
    (
        CERT_MANAGER,
        "quay.io/jetstack/cert-manager-",
        ("controller", "webhook", "cainjector", "acmesolver", "startupapicheck"),
    ),
    (KEDA, "ghcr.io/kedacore/", ("keda", "keda-metrics-apiserver", "keda-admission-webhooks")),
    (KNATIVE_OPERATOR, "gcr.io/knative-releases/knative.dev/operator/cmd/", ("operator", "webhook")),
    (
        KSERVE_RESOURCES,
        "docker.io/kserve/",
        ("kserve-controller", "agent", "router", "storage-initializer", "art-explainer"),
    ),
    (
        KYVERNO,
        "ghcr.io/kyverno/",
        ("kyverno", "kyvernopre", "reports-controller", "kyverno-cli", "readiness-checker"),
    ),
)
#: With tags of their own: the proxy before KServe's metrics, what asks who calls, what measures cost, and its way to metrics.
PROXY = "quay.io/brancz/kube-rbac-proxy:v0.18.0"
AUTHORIZATION = "docker.io/openpolicyagent/opa:1.19.1-envoy-static"
COST = f"ghcr.io/opencost/opencost:{OPENCOST.app_version}"
METRICS = "gke.gcr.io/prometheus-engine/frontend:v0.15.3-gke.0"


def installed_images(settings: EnvironmentSettings, catalogue: Catalogue) -> tuple[str, ...]:
    """Public references with their tags, in the order of the alphabet."""
    found = [catalogue.engine(settings.engine_version).image.reference, PROXY]
    found += [f"{start}{part}:{chart.app_version}" for chart, start, parts in OF_CHARTS for part in parts]
    if settings.ingress.authentication is not None:
        found.append(AUTHORIZATION)
    if settings.cost_monitoring.enabled:
        found.append(COST)
        if settings.cost_monitoring.prometheus_url is None:
            found.append(METRICS)
    return tuple(sorted(found))


def digests_by_name(settings: EnvironmentSettings, catalogue: Catalogue) -> dict[str, str]:
    """The digests of the settings as components take them: by reference without tag.

    Only those of the tags that are installed, since a digest of another release behind a new tag would run the old one.
    """
    named = settings.image_digests
    return {image.rpartition(":")[0]: named[image] for image in installed_images(settings, catalogue) if image in named}


def digest_problems(environment: Environment) -> list[Problem]:
    """What the settings lack where they demand digests."""
    settings = environment.settings
    if not settings.require_digests:
        return []
    installed = installed_images(settings, environment.catalogue)
    if not (missing := [image for image in installed if image not in settings.image_digests]):
        return []
    reason = f"lacks {', '.join(missing)}, and require_digests is true; `{COMMAND} --env {environment.name}` prints the lines"
    return [Problem(f"Pulumi.{environment.name}.yaml", None, "image_digests", reason)]


def digest_warnings(environment: Environment) -> list[str]:
    """Digests that stand for nothing yet, and digests of what is not installed."""
    settings = environment.settings
    installed = installed_images(settings, environment.catalogue)
    examples = [image for image in installed if settings.image_digests.get(image) == EXAMPLE]
    idle = [image for image in settings.image_digests if image not in installed]
    warnings = []
    if examples:
        warnings.append(
            f"image_digests: {len(examples)} are placeholders, the digest of nothing, and no node could pull "
            f"{examples[0]} and the others; before an update of a real cluster write what "
            f"`{COMMAND} --env {environment.name}` prints"
        )
    if idle:
        warnings.append(f"image_digests of {', '.join(idle)} have no effect: nothing installs these; remove them")
    return warnings
