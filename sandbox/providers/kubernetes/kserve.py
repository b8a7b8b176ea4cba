"""What KServe says of an InferenceService: its webhook, which refuses, and its manager, which must be there to act on it.

Source: github.com/kserve/kserve v0.20.0 pkg/apis/serving/v1beta1/{inference_service_validation,component,predictor}.go and
pkg/controller/v1beta1/inferenceservice/controller.go, read 2026-11-25.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from pulumi.runtime.rpc import UNKNOWN

from sandbox.providers.api import Failure, Properties
from sandbox.providers.kubernetes.kind_tables import known_definition
from sandbox.providers.kubernetes.knative_revisions import revision_failures
from sandbox.providers.values import at, entries, items, known

GROUP, KIND = "serving.kserve.io", "InferenceService"
#: The chart whose manager acts on InferenceServices.
MANAGER_CHART = "kserve-resources"
KNATIVE_SERVICE = ("serving.knative.dev/v1", "Service")

MODE = "serving.kserve.io/deploymentMode"
#: The modes by all their names; without the annotation the webhook's rules are those of Knative.
MODES = {"Knative": "Knative", "Serverless": "Knative", "Standard": "Standard", "RawDeployment": "Standard"}
AUTOSCALER = "serving.kserve.io/autoscalerClass"
AUTOSCALERS = ("hpa", "keda", "external", "none")
KNATIVE_CLASS, KNATIVE_HPA = "autoscaling.knative.dev/class", "hpa.autoscaling.knative.dev"
NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
CONTAINER = "kserve-container"
#: Fields of a predictor each of which is a way to say what serves.
FRAMEWORKS = tuple(
    "huggingface lightgbm model onnx paddle pmml pytorch sklearn tensorflow triton xgboost".split()  # noqa: SIM905
)


def is_inference_service(inputs: Properties) -> bool:
    """True for an InferenceService of any version."""
    return (str(inputs.get("apiVersion")).partition("/")[0], inputs.get("kind")) == (GROUP, KIND)


def mode_of(inputs: Properties) -> str:
    """`Knative` or `Standard`; UNKNOWN where the annotation is not known."""
    mode = at(inputs, "metadata", "annotations", MODE)
    return UNKNOWN if mode == UNKNOWN else MODES.get(str(mode or "Knative"), str(mode))


def service_failures(inputs: Properties, old: Properties, config: Any) -> list[Failure]:
    """What the webhook and, in Knative mode, Knative refuse; `config` is that of Knative Serving, None while there is none."""
    predictor = at(inputs, "spec", "predictor")
    found = [
        *_metadata_failures(inputs, old),
        *_predictor_failures(predictor),
        *_scaling_failures(inputs, predictor),
        *_canary_failures(inputs),
    ]
    if mode_of(inputs) == "Knative" and config is not None:
        found += revision_failures(predictor, _own_fields(), config)
    return found


def manager_refusal(inputs: Properties, seen: set[tuple[str, str]] | None) -> str | None:
    """Why the manager would never make the service ready; `seen` are the kinds that it saw at its start, None without one."""
    if seen is None:
        return f"nothing in the cluster acts on an InferenceService: install the chart {MANAGER_CHART}"
    if mode_of(inputs) == "Knative" and KNATIVE_SERVICE not in seen:
        return (
            "It is not possible to use Knative deployment mode when Knative Services are not available "
            f"(KServe's manager looks for them at its start only: install Knative before {MANAGER_CHART})"
        )
    return None


def _metadata_failures(inputs: Properties, old: Properties) -> Iterator[Failure]:
    name, mode = at(inputs, "metadata", "name"), mode_of(inputs)
    if known(name) and not NAME.fullmatch(str(name)):
        yield "metadata.name", f"a InferenceService name must match '{NAME.pattern}': it begins with a letter"
    if mode not in (*MODES.values(), UNKNOWN):
        yield f"metadata.annotations.{MODE}", f"'{mode}' is none of {', '.join(MODES)}"
    if old and UNKNOWN not in (mode, mode_of(old)) and mode_of(old) != mode and _same_place(inputs, old):
        reason = f"update rejected: deploymentMode cannot be changed from '{mode_of(old)}' to '{mode}'"
        yield f"metadata.annotations.{MODE}", reason
    scaler = at(inputs, "metadata", "annotations", AUTOSCALER)
    if known(scaler) and scaler not in AUTOSCALERS:
        yield f"metadata.annotations.{AUTOSCALER}", f"[{scaler}] is not a supported autoscaler class type"


def _same_place(inputs: Properties, old: Properties) -> bool:
    """A new name or namespace makes a new object."""
    return all(at(inputs, "metadata", field) == at(old, "metadata", field) for field in ("name", "namespace"))


def _predictor_failures(predictor: Any) -> Iterator[Failure]:
    if not isinstance(predictor, dict):
        return
    ways, containers = [way for way in FRAMEWORKS if predictor.get(way) is not None], items(predictor.get("containers"))
    serving = [one for one in containers if at(one, "name") in (CONTAINER, UNKNOWN)]
    # without one of that name the first container serves, unless something else does
    ways += ["containers"] * (len(serving) or (not ways and bool(containers)))
    if len(ways) != 1 and predictor.get("containers") != UNKNOWN:
        reason = (
            f"exactly one of containers, {', '.join(FRAMEWORKS)} must be specified, found {', '.join(ways) or 'none'}"
        )
        yield "spec.predictor", reason
    least, most = predictor.get("minReplicas", 1), predictor.get("maxReplicas", 0)
    if isinstance(least, int) and isinstance(most, int):
        if least < 0:
            yield "spec.predictor.minReplicas", "'MinReplicas' cannot be less than 0"
        if most < 0:
            yield "spec.predictor.maxReplicas", "'MaxReplicas' cannot be less than 0"
        if least > most > 0:
            yield "spec.predictor.minReplicas", "'MinReplicas' cannot be greater than MaxReplicas"
    concurrency = predictor.get("containerConcurrency")
    if isinstance(concurrency, int) and concurrency < 0:
        yield "spec.predictor.containerConcurrency", "parallelism cannot be less than 0"


def _scaling_failures(inputs: Properties, predictor: Any) -> Iterator[Failure]:
    """By what an autoscaler of a class can scale."""
    annotations, mode = at(inputs, "metadata", "annotations"), mode_of(inputs)
    metric, path = at(predictor, "scaleMetric"), "spec.predictor.scaleMetric"
    if mode == "Knative":
        if known(at(predictor, "deploymentStrategy")):
            reason = "customizing deploymentStrategy is only supported for raw deployment mode"
            yield "spec.predictor.deploymentStrategy", reason
        allowed = ("cpu", "memory") if at(annotations, KNATIVE_CLASS) == KNATIVE_HPA else ("concurrency", "rps")
        if known(metric) and metric not in allowed:
            yield path, f"[{metric}] is not a supported metric: {', '.join(allowed)}"
    elif mode == "Standard" and known(metric):
        scaler = at(annotations, AUTOSCALER)
        if scaler == "keda":
            yield path, "ScaleMetric is not supported for KEDA"
        elif scaler == "hpa" and metric not in ("cpu", "memory"):
            yield path, f"[{metric}] is not a supported metric: cpu, memory"


def _canary_failures(inputs: Properties) -> Iterator[Failure]:
    if items(at(inputs, "spec", "canary")) and mode_of(inputs) == "Knative":
        yield "spec.canary", "canary is only supported in Standard deployment mode"


@cache
def _own_fields() -> tuple[str, ...]:
    """KServe's fields of a predictor; the others are those of a pod."""
    definition = known_definition(GROUP, KIND)
    spec = at(definition, "spec", "versions", 0, "schema", "openAPIV3Schema", "properties", "spec", "properties")
    return tuple(entries(at(spec, "predictor", "properties")))
