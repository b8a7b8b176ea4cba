"""payments/assistant of dev, as the cluster has it: the model, its pods, and who gets how many of its requests."""

from __future__ import annotations

import json
from typing import Any

from components.kubernetes.engine_pod import INFERENCE_SERVICE_LABEL
from components.kubernetes.team_quota import GPUS
from components.served_model import RECORD_KEY, RECORD_PREFIX
from sandbox.cluster.api_server import Object
from tests.cluster.conftest import INFERENCE_SERVICE, REVISION_LABEL, Stage, condition, eventually

KEY, NAMESPACE, NAME = "payments/assistant", "team-payments", "assistant"
PREDICTOR = f"{NAME}-predictor"
SERVING = "serving.knative.dev/v1"
INGRESS = ("networking.internal.knative.dev/v1alpha1", "Ingress")


def published(dev: Stage) -> dict[str, Any]:
    """The sizing record beside the model."""
    return json.loads(dev.one("v1", "ConfigMap", RECORD_PREFIX + NAME, NAMESPACE)["data"][RECORD_KEY])


def model(dev: Stage) -> Object:
    return dev.one(*INFERENCE_SERVICE, NAME, NAMESPACE)


def service(dev: Stage) -> Object:
    return dev.one(SERVING, "Service", PREDICTOR, NAMESPACE)


def pods_of(dev: Stage, revision: str | None = None) -> list[Object]:
    """Pods of the model, or of one revision of it, that are not going."""
    labels = f"{REVISION_LABEL}={revision}" if revision else f"{INFERENCE_SERVICE_LABEL}={NAME}"
    found = dev.api.list("v1", "Pod", NAMESPACE, labels)
    return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]


def latest_revision(dev: Stage) -> str:
    """The newest revision, once it is ready and so is the model."""

    def look() -> str | None:
        status = service(dev)["status"]
        created = status["latestCreatedRevisionName"]
        settled = status["observedGeneration"] == service(dev)["metadata"]["generation"]
        ready = condition(model(dev), "Ready").get("status") == "True"
        return created if settled and ready and status.get("latestReadyRevisionName") == created else None

    return eventually(look, f"the newest revision of {KEY} is ready")


def traffic(dev: Stage) -> dict[str, int]:
    """Percent of each revision that gets any, as the route tells."""
    found: dict[str, int] = {}
    for target in dev.one(SERVING, "Route", PREDICTOR, NAMESPACE).get("status", {}).get("traffic", []):
        if target.get("percent"):
            found[target["revisionName"]] = found.get(target["revisionName"], 0) + target["percent"]
    return found


def splits(dev: Stage, host: str) -> dict[str, int]:
    """Percent of each revision among the requests to a host, as Kourier is told."""
    found: dict[str, int] = {}
    for rule in dev.one(*INGRESS, PREDICTOR, NAMESPACE)["spec"]["rules"]:
        if host in rule["hosts"]:
            for path in rule["http"]["paths"]:
                if not path.get("headers"):  # those with headers are of requests by a tag
                    for split in path["splits"]:
                        found[split["serviceName"]] = found.get(split["serviceName"], 0) + split["percent"]
    return {name: percent for name, percent in found.items() if percent}


def gpus_used(dev: Stage) -> int:
    """GPUs of the team's quota that pods have asked for."""
    return int(dev.one("v1", "ResourceQuota", "team", NAMESPACE)["status"]["used"][GPUS])
