"""Custom kinds that the sandbox's clusters have although no stack defines them, and the namespaces that every cluster has."""

from __future__ import annotations

from typing import Any

#: (apiVersion, kind). The InferenceService stays here until the serving stack installs its definition.
CUSTOM_KINDS = (("serving.kserve.io/v1beta1", "InferenceService"),)

_TEXTS = {"type": "array", "items": {"type": "string"}}
#: GKE brings this definition along; the fields of a rule that names node pools, and what stands around them.
#: Source: cloud.google.com/kubernetes-engine/docs/reference/crds/computeclass (2026).
COMPUTE_CLASS: dict[str, Any] = {
    "metadata": {"name": "computeclasses.cloud.google.com"},
    "spec": {
        "group": "cloud.google.com",
        "names": {"kind": "ComputeClass"},
        "scope": "Cluster",
        "versions": [
            {
                "name": "v1",
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "required": ["spec"],
                        "properties": {
                            "spec": {
                                "type": "object",
                                "required": ["priorities"],
                                "properties": {
                                    "priorities": {
                                        "type": "array",
                                        "items": {"type": "object", "properties": {"nodepools": _TEXTS}},
                                    },
                                    "whenUnsatisfiable": {"enum": ["DoNotScaleUp", "ScaleUpAnyway"]},
                                    "activeMigration": {
                                        "type": "object",
                                        "properties": {"optimizeRulePriority": {"type": "boolean"}},
                                    },
                                    "nodePoolAutoCreation": {
                                        "type": "object",
                                        "properties": {"enabled": {"type": "boolean"}},
                                    },
                                },
                            }
                        },
                    }
                },
            }
        ],
    },
}

NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")

#: KServe's own fields of a predictor; the others are those of a PodSpec, which it embeds.
#: Source: kserve/kserve v0.20.0 pkg/apis/serving/v1beta1 (PredictorSpec, ComponentExtensionSpec), 2026-08-06.
PREDICTOR_FIELDS = (
    "annotations",
    "autoScaling",
    "batcher",
    "canaryTrafficPercent",
    "containerConcurrency",
    "deploymentStrategy",
    "labels",
    "logger",
    "maxReplicas",
    "minReplicas",
    "model",
    "scaleMetric",
    "scaleMetricType",
    "scaleTarget",
    "timeout",
    "workerSpec",
)
#: Whole numbers among them.
PREDICTOR_NUMBERS = (
    "canaryTrafficPercent",
    "containerConcurrency",
    "maxReplicas",
    "minReplicas",
    "scaleTarget",
    "timeout",
)
