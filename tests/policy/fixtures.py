"""Resources that comply with every rule, as a preview would show them to the pack, and how to spoil them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from policy.examples.engine_objects import Content, container, served
from policy.rules.rule import UNKNOWN, Context, Resource, Rule

GOOGLE = {
    "owner": "search",
    "cost-center": "cc-7",
    "team": "search",
    "model-architecture": "dense",
    "total-params": "7941m",
    "active-param-ratio": "585",
}
KUBERNETES = {**{key: value for key, value in GOOGLE.items() if key != "owner"}, "app.kubernetes.io/owner": "search"}
ARGUMENTS = [
    "gs://models/google/gemma-4-E4B-it/ee0ef6023621cff504d758262d4e04895a5af4a2",
    "--max-model-len=16384",
    "--max-num-seqs=8",
    "--tensor-parallel-size=1",
    "--gpu-memory-utilization=0.90",
    "--max-num-batched-tokens=2048",
    "--language-model-only",
]
IMAGE = "docker.io/vllm/vllm-openai:v0.33.0"
LOAD = {"gemma-platform/typical-tokens": "2000", "gemma-platform/full-context-requests": "1"}

BUCKET = Resource(
    "gcp:storage/bucket:Bucket",
    "documents",
    {"name": "d", "labels": GOOGLE, "uniformBucketLevelAccess": True, "publicAccessPrevention": "enforced"},
)
NODE_POOL = Resource(
    "gcp:container/nodePool:NodePool",
    "pool",
    {"cluster": UNKNOWN, "nodeConfig": {"labels": GOOGLE, "resourceLabels": GOOGLE}},
)
NAMESPACE = Resource("kubernetes:core/v1:Namespace", "search", {"metadata": {"name": "search", "labels": KUBERNETES}})


def _model(content: Content) -> None:
    """As sizing and the platform's builders declare it, with other arguments and an account that is not known yet."""
    content["metadata"].update(labels=KUBERNETES, annotations={**content["metadata"]["annotations"], **LOAD})
    content["spec"]["predictor"].update(labels=KUBERNETES, serviceAccountName=UNKNOWN)
    container(content).update(image=IMAGE, args=ARGUMENTS)


INFERENCE_SERVICE = served(_model)
PROBE = {"httpGet": {"path": "/health", "port": 8080}, "periodSeconds": 10, "failureThreshold": 90}
CLOUD_RUN = Resource(
    "gcp:cloudrunv2/service:Service",
    "helpdesk",
    {
        "labels": GOOGLE,
        "annotations": LOAD,
        "ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY",
        "template": {
            "labels": GOOGLE,
            "serviceAccount": UNKNOWN,
            "nodeSelector": {"accelerator": "nvidia-l4"},
            "containers": [
                {
                    "image": IMAGE,
                    "commands": ["vllm", "serve"],
                    "args": ARGUMENTS,
                    "resources": {"limits": {"cpu": "8", "memory": "32Gi", "nvidia.com/gpu": "1"}},
                    "startupProbe": PROBE,
                    "livenessProbe": PROBE,
                }
            ],
        },
    },
)
COMPLIANT = (BUCKET, NODE_POOL, NAMESPACE, INFERENCE_SERVICE, CLOUD_RUN)

Spoil = Callable[[dict[str, Any]], object]


def spoiled(resource: Resource, spoil: Spoil) -> Resource:
    """A copy of the resource after `spoil` has changed its properties."""
    properties = copy.deepcopy(dict(resource.properties))
    _restore_unknown(properties)
    spoil(properties)
    return Resource(resource.type, resource.name, properties)


def _restore_unknown(value: Any) -> None:
    """Copying makes new objects of UNKNOWN, which is recognised by identity."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in list(items):
        if type(member) is type(UNKNOWN):
            value[key] = UNKNOWN
        else:
            _restore_unknown(member)


def denials(rule: Rule, resource: Resource, *, allow_tight: bool = False) -> list[str]:
    """What the rule stops the resource for."""
    found = rule.check(resource, Context(allow_tight=allow_tight))
    return [finding.message for finding in found if not finding.advisory]
