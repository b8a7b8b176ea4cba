"""Custom kinds that the sandbox's clusters have although no stack defines them, and the namespaces that every cluster has."""

from __future__ import annotations

#: (apiVersion, kind). The InferenceService stays here until the serving stack installs its definition.
CUSTOM_KINDS = (("serving.kserve.io/v1beta1", "InferenceService"),)

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
