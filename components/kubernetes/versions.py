"""The one table of what the serving stack is made of: charts, the Knative release behind its operator, images. Pure.

To upgrade a part, change its row and run tests/tools/test_charts.py, which holds our values against the new chart.
Order of an upgrade, which the dependencies of ServingStack keep: definitions of kinds before the controllers that serve them, and
each part before those that look for its kinds. cert-manager, KEDA and the Knative operator carry their definitions in their own
chart, and Helm applies these first; KServe has a chart for them, which is updated before its controller. Knative goes one minor
version at a time (its operator refuses more), the operator first and then the KnativeServing object. KServe's controller looks
for the kinds of Knative and KEDA when it starts only, so it comes last, and starts anew when one of their versions changes. A
definition is never removed by hand: all objects of its kind would go with it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Chart:
    """A Helm chart at one version."""

    name: str
    """Name of the chart, and of its release in the cluster."""
    version: str
    """Version of the chart."""
    repository: str
    """Folder of an OCI registry (`oci://...`) or address of a Helm repository, without the chart's name."""
    app_version: str
    """Version of what the chart installs; the tag of its images."""
    source: str
    """Where the row was read."""
    date: str
    """When the version was released."""


_KSERVE = {
    "version": "v0.20.0",
    "repository": "oci://ghcr.io/kserve/charts",
    "app_version": "v0.20.0",
    "source": "github.com/kserve/kserve v0.20.0 charts/",
    "date": "2026-08-06",
}
CERT_MANAGER = Chart(
    name="cert-manager",
    version="v1.21.1",
    repository="oci://quay.io/jetstack/charts",
    app_version="v1.21.1",
    source="github.com/cert-manager/cert-manager v1.21.1 deploy/charts; cert-manager.io/docs/installation/helm",
    date="2026-07-29",
)
KEDA = Chart(
    name="keda",
    version="2.20.2",
    repository="https://kedacore.github.io/charts",
    app_version="2.20.2",
    source="github.com/kedacore/charts keda/Chart.yaml",
    date="2026-07-31",
)
KNATIVE_OPERATOR = Chart(
    name="knative-operator",
    version="v1.23.0",
    repository="https://knative.github.io/operator",
    app_version="v1.23.0",
    source="knative.dev/operator v0.50.0 config/charts; index.yaml of its Helm repository (knative/operator PR 2335)",
    date="2026-07-29",
)
KYVERNO = Chart(
    name="kyverno",
    version="3.9.1",
    repository="https://kyverno.github.io/kyverno",
    app_version="v1.19.1",
    source="github.com/kyverno/kyverno v1.19.1 charts/kyverno; kyverno.io/docs/installation/methods",
    date="2026-09-10",
)
#: Newest chart whose rows could all be read. Its own values name the image's digest.
OPENCOST = Chart(
    name="opencost",
    version="2.5.29",
    repository="https://opencost.github.io/opencost-helm-chart",
    app_version="1.121.1",
    source="github.com/opencost/opencost-helm-chart charts/opencost/Chart.yaml at 0370517; opencost.io/docs/installation/helm",
    date="2026-08",
)
KSERVE_CRD = Chart(name="kserve-crd", **_KSERVE)
KSERVE_RESOURCES = Chart(name="kserve-resources", **_KSERVE)
KSERVE_RUNTIMES = Chart(name="kserve-runtime-configs", **_KSERVE)

CHARTS = (
    *(CERT_MANAGER, KEDA, KNATIVE_OPERATOR, KSERVE_CRD, KSERVE_RESOURCES, KSERVE_RUNTIMES, KYVERNO),
    OPENCOST,
)

#: What the operator installs: the newest that it carries, so that operator and Knative change together.
KNATIVE_SERVING = "1.23.0"

_KNATIVE = "gcr.io/knative-releases/knative.dev"
#: Images of Knative Serving 1.23.0 and net-kourier 1.23.0, by the key under which the operator lets them be replaced: Deployment
#: or Job, and container. The same as it installs by itself, written out so that a mirror can stand in for their registry: what
#: the operator offers for all images at once would drop the digests.
#: Source: knative.dev/operator v0.50.0 cmd/operator/kodata, 2026-07-29 (a test holds this table against it).
KNATIVE_IMAGES = {
    "activator/activator": f"{_KNATIVE}/serving/cmd/activator"
    "@sha256:e5ab46f3b73fa2e3898fe47f6a3a0c2bd765596f4fb36ceb4c28c35d0a74b2e5",
    "autoscaler/autoscaler": f"{_KNATIVE}/serving/cmd/autoscaler"
    "@sha256:879da127b23db65d862cafa6b23fb987381d0e44150f0027d44e1f5aee83bde2",
    "autoscaler-hpa/autoscaler-hpa": f"{_KNATIVE}/serving/cmd/autoscaler-hpa"
    "@sha256:e2494132a71c23587ac8dd25bc5288f70261e592285487e1d19f8dea1f896133",
    "cleanup-serving-/cleanup": f"{_KNATIVE}/serving/pkg/cleanup/cmd/cleanup"
    "@sha256:78fbd3df14986cd4831a22e7c2703a3b4f58a6e93cacd6ffbf18b3c787af0c71",
    "controller/controller": f"{_KNATIVE}/serving/cmd/controller"
    "@sha256:ca5062ece0329d002a81940cf4268d7898866434d70049bb93f27d3a786d3292",
    "net-kourier-controller/controller": f"{_KNATIVE}/net-kourier/cmd/kourier"
    "@sha256:eedfe3938f1efa93230863099f96400a0567909d383a585021f8727fa3a6cf0b",
    "queue-proxy": f"{_KNATIVE}/serving/cmd/queue"
    "@sha256:a3cc71ce80dbc6df8781f15eac2cf3531a4c9815271799afd8776bef9e6aeaf2",
    "storage-version-migration-serving-/migrate": f"{_KNATIVE}/pkg/apiextensions/storageversion/cmd/migrate"
    "@sha256:2016f5ede9fb269c7cdf0085ff106844dfa36e42a4d768e0a2f51464928a0c2d",
    "webhook/webhook": f"{_KNATIVE}/serving/cmd/webhook"
    "@sha256:3846e9a416665c5b9ec2e4de246cfcb5c4ab0d01ba19348aa008caf30144b650",
}
#: Kourier's gateway, by its key. The release names the moving tag v1.37-latest; this is one patch release of that line, by its
#: digest as runs against it name it (public repositories, 2026-11; not read from the registry itself).
ENVOY_IMAGES = {
    "3scale-kourier-gateway/kourier-gateway": "docker.io/envoyproxy/envoy:v1.37.2"
    "@sha256:c5e8a68e52f4d4697a9adb280dbe415d77fedf1257e183dcb86205bd438f18bd",
}
