"""Pulumi's type tokens of the resources that rules name. A test holds those of the SDKs against the SDKs."""

from __future__ import annotations

from typing import Final

NODE_POOL: Final = "gcp:container/nodePool:NodePool"
CLOUD_RUN_JOB: Final = "gcp:cloudrunv2/job:Job"
CLOUD_RUN_SERVICE: Final = "gcp:cloudrunv2/service:Service"
CLOUD_RUN_WORKER_POOL: Final = "gcp:cloudrunv2/workerPool:WorkerPool"

NAMESPACE: Final = "kubernetes:core/v1:Namespace"
POD: Final = "kubernetes:core/v1:Pod"
HELM_RELEASE: Final = "kubernetes:helm.sh/v3:Release"
INFERENCE_SERVICE: Final = "kubernetes:serving.kserve.io/v1beta1:InferenceService"
KNATIVE_SERVING: Final = "kubernetes:operator.knative.dev/v1beta1:KnativeServing"
