"""The charts of the serving stack with the values that the components declare: as small as can be, and with everything that can
be asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.kubernetes import cert_manager, keda, knative_serving, kserve, kyverno, opencost
from components.kubernetes.chart_release import Mirror
from components.kubernetes.knative_serving import make_operator_values
from components.kubernetes.kserve_values import make_controller_values, make_runtime_values
from components.kubernetes.versions import (
    CERT_MANAGER,
    KEDA,
    KNATIVE_OPERATOR,
    KSERVE_CRD,
    KSERVE_RESOURCES,
    KSERVE_RUNTIMES,
    KYVERNO,
    OPENCOST,
    Chart,
)

ENGINE = "docker.io/vllm/vllm-openai:v0.33.0"
HOST = "us-central1-docker.pkg.dev/p"
REGISTRIES = ("docker.io", "gcr.io", "ghcr.io", "quay.io")
DIGEST = f"sha256:{'0123456789abcdef' * 4}"
#: Images without a tag for which the mirror of these tests names a digest.
WITH_DIGEST = (
    *(
        f"quay.io/jetstack/cert-manager-{part}"
        for part in ("controller", "webhook", "cainjector", "acmesolver", "startupapicheck")
    ),
    *(f"ghcr.io/kedacore/{part}" for part in ("keda", "keda-metrics-apiserver", "keda-admission-webhooks")),
    *(f"gcr.io/knative-releases/knative.dev/operator/cmd/{part}" for part in ("operator", "webhook")),
    *(
        f"docker.io/kserve/{part}"
        for part in ("kserve-controller", "agent", "router", "storage-initializer", "art-explainer")
    ),
    *(f"ghcr.io/{path}" for path in sorted({*kyverno.IMAGES.values()})),
    "ghcr.io/opencost/opencost",
    "gke.gcr.io/prometheus-engine/frontend",
    "quay.io/brancz/kube-rbac-proxy",
    "docker.io/vllm/vllm-openai",
)
PUBLIC = Mirror()
MIRROR = Mirror(
    charts=f"oci://{HOST}/charts",
    images={registry: f"{HOST}/{registry.partition('.')[0]}" for registry in REGISTRIES},
    digests=dict.fromkeys(WITH_DIGEST, DIGEST),
)


@dataclass(frozen=True)
class Case:
    """A chart, where it is installed, and its values."""

    chart: Chart
    namespace: str
    small: Mapping[str, Any]
    large: Mapping[str, Any]


CASES = (
    Case(
        CERT_MANAGER,
        cert_manager.NAMESPACE,
        cert_manager.make_values(False, PUBLIC),
        cert_manager.make_values(True, MIRROR),
    ),
    Case(
        KNATIVE_OPERATOR,
        knative_serving.OPERATOR_NAMESPACE,
        make_operator_values(PUBLIC),
        make_operator_values(MIRROR),
    ),
    Case(KSERVE_CRD, kserve.NAMESPACE, {}, {}),
    Case(
        KSERVE_RESOURCES,
        kserve.NAMESPACE,
        make_controller_values(None, False, PUBLIC),
        make_controller_values("models.example.com", True, MIRROR),
    ),
    Case(KSERVE_RUNTIMES, kserve.NAMESPACE, make_runtime_values(ENGINE, PUBLIC), make_runtime_values(ENGINE, MIRROR)),
    Case(KYVERNO, kyverno.NAMESPACE, kyverno.make_values(False, PUBLIC), kyverno.make_values(True, MIRROR)),
)
PRICES = ",e2-standard-4_us-central1_on-demand,,node,metadata.labels.gemma-platform/price-class,,0.134023,\n"
#: No module carries their charts, so that they are in none of the cases that are rendered.
KEDA_CASE = Case(KEDA, keda.NAMESPACE, keda.make_values(False, PUBLIC), keda.make_values(True, MIRROR))
OPENCOST_CASE = Case(
    OPENCOST,
    opencost.NAMESPACE,
    opencost.make_values("p", "c", PRICES, "http://prometheus.monitoring.svc:9090", PUBLIC),
    opencost.make_values("p", "c", PRICES, None, MIRROR),
)
TABLED = (KEDA_CASE, OPENCOST_CASE)


def case_of(chart: Chart) -> Case:
    """The case of a chart."""
    (found,) = [case for case in (*CASES, *TABLED) if case.chart == chart]
    return found
