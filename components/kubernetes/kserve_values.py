"""Values of KServe's charts: its controller's way of working with Knative and Kourier, sizes, images, and runtimes. Pure.

The chart merges what is said here into the ConfigMap that it ships, so that the rest of it stays: KServe refuses an `ingress`
without `ingressGateway` (kserve/kserve v0.20.0 pkg/apis/serving/v1beta1/configmap.go). No Istio, and in Standard mode neither
Ingress nor HTTPRoute: those deployments are reached inside the cluster by their Service. In Knative mode that switch has no
meaning, routes are Knative's own (same source, reconcilers/ingress).
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from components.kubernetes.chart_release import Mirror, image, repository, tag_values, without_tag
from components.kubernetes.controllers import resources, spread
from components.kubernetes.versions import KEDA, KNATIVE_SERVING, KSERVE_RESOURCES

#: Labels by which KServe's Services find its controller.
CONTROLLER_LABELS = {"control-plane": "kserve-controller-manager", "controller-tools.k8s.io": "1.0"}
#: Mark of the controller's pods: the controller reads its ConfigMap, and looks for the kinds of Knative and KEDA, when it starts.
CONFIGURATION = "gemma-platform/configuration"
#: Runtimes that are on: vLLM's own server with the platform's engine, and KServe's for other Hugging Face models. The second
#: brings kserve-huggingfaceserver-multinode along, which has no switch that works.
RUNTIMES = ("vllmserver", "huggingfaceserver")
#: Runtimes of the chart that are off: they stay in the list, and KServe chooses none of them.
RUNTIMES_OFF = (
    "autogluonserver",
    "lgbserver",
    "mlserver",
    "paddleserver",
    "pmmlserver",
    "predictiveserver",
    "sklearnserver",
    "tensorflow",
    "torchserve",
    "tritonserver",
    "xgbserver",
)
HUB = "docker.io/kserve"
PROXY_IMAGE = "quay.io/brancz/kube-rbac-proxy:v0.18.0"
#: Larger limits than the chart's 100m and 300Mi, by which the controller is throttled and, with many models, killed; the proxy
#: in front of its metrics needs less than the chart gives it (own choice).
_CONTROLLER_SIZE = resources("100m", "300Mi", "1", "1Gi")
_PROXY_SIZE = resources("10m", "32Mi", "100m", "128Mi")


def make_controller_values(domain: str | None, high_availability: bool, mirror: Mirror) -> dict[str, Any]:
    """Values of the chart kserve-resources."""
    gateway = {
        "disableIstioVirtualHost": True,
        "disableIngressCreation": True,
        # Standard mode alone takes its host names from here: the Service of the predictor
        "domain": "svc.cluster.local",
        "domainTemplate": "{{ .Name }}-predictor.{{ .Namespace }}.{{ .IngressDomain }}",
        # with a domain a load balancer in front ends TLS; the hosts of Knative mode are Knative's
        **({"urlScheme": "https"} if domain else {}),
    }
    seen = json.dumps([gateway, KNATIVE_SERVING, KEDA.version], sort_keys=True)
    controller = {
        "gateway": gateway,
        "podAnnotations": {CONFIGURATION: hashlib.sha256(seen.encode()).hexdigest()[:16]},
        "imagePullPolicy": "IfNotPresent",  # tags of releases do not change, and a restart must not need the registry
        "resources": _CONTROLLER_SIZE,
        "rbacProxy": {"resources": _PROXY_SIZE},
        **({"topologySpreadConstraints": spread(CONTROLLER_LABELS)} if high_availability else {}),
        **_image("kserve-controller", mirror),
        **({"rbacProxyImage": proxy} if (proxy := image(PROXY_IMAGE, mirror)) != PROXY_IMAGE else {}),
    }
    parts = {
        "agent": _image("agent", mirror),
        "router": _image("router", mirror),
        "storage": _image("storage-initializer", mirror),
        "servingruntime": {"art": values} if (values := _image("art-explainer", mirror, "defaultVersion")) else {},
        "localmodel": _image("storage-initializer", mirror, "defaultJobTag", "defaultJobImage"),
    }
    return {"kserve": {"controller": controller, **{part: values for part, values in parts.items() if values}}}


def make_runtime_values(engine_image: str, mirror: Mirror) -> dict[str, Any]:
    """Values of the chart kserve-runtime-configs, which installs no runtime by itself."""
    return {
        "kserve": {
            "servingruntime": {
                "enabled": True,
                "vllmserver": _engine(engine_image, mirror),
                # its tag gets `-gpu` behind it, so that a digest has no place there
                **(
                    {"huggingfaceserver": {"image": repository(f"{HUB}/huggingfaceserver", mirror)}}
                    if mirror.get("images")
                    else {}
                ),
                **{runtime: {"disabled": True} for runtime in RUNTIMES_OFF},
            }
        }
    }


def _engine(reference: str, mirror: Mirror) -> dict[str, str]:
    bare = without_tag(reference.partition("@")[0])
    if bare == reference.partition("@")[0] or reference.partition("@")[0].endswith(":latest"):
        raise ValueError(
            f"engine_image is '{reference}'; a tag that does not move is needed, with or without a digest behind it"
        )
    whole = image(reference, mirror)
    # the chart joins the two by a colon
    return {"image": repository(bare, mirror), "tag": whole.removeprefix(f"{repository(bare, mirror)}:")}


def _image(name: str, mirror: Mirror, tag_key: str = "tag", image_key: str = "image") -> dict[str, str]:
    """An image of KServe's own, whose tag is the version of the chart where it is not named."""
    reference = f"{HUB}/{name}"
    tag = tag_values(reference, KSERVE_RESOURCES.app_version, mirror)
    return {
        **({image_key: repository(reference, mirror)} if mirror.get("images") else {}),
        **({tag_key: tag["tag"]} if tag else {}),
    }
