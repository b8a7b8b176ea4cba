"""Arguments of the serving stack, and what it registers, for the tests of its parts."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from components.kubernetes.serving_stack import ServingStack, ServingStackArgs
from tests.unit.components.registering import Program, Registered, registered

RELEASE = "kubernetes:helm.sh/v3:Release"
NAMESPACE = "kubernetes:core/v1:Namespace"
KNATIVE = "kubernetes:operator.knative.dev/v1beta1:KnativeServing"
BUDGET = "kubernetes:policy/v1:PodDisruptionBudget"
AUTOSCALER = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"
READER = "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember"
LABELS = {"team": "platform", "cost-center": "cc-1"}


def stack_args(**changes: Any) -> ServingStackArgs:
    """Arguments of a small stack."""
    small: dict[str, Any] = {
        "project": "p",
        "project_number": "123",
        "high_availability": False,
        "longest_request_seconds": 3600,
        "progress_deadline_seconds": 1800,
        "engine_image": "docker.io/vllm/vllm-openai:v0.33.0",
        "labels": LABELS,
    }
    return ServingStackArgs(**{**small, **changes})


def stack_of(preview: bool = False, **changes: Any) -> Program:
    """What the stack registers; to be read only, since tests that ask for the same share it."""
    return _stack(preview, json.dumps(changes, sort_keys=True))


@cache
def _stack(preview: bool, changes: str) -> Program:
    return registered(lambda: ServingStack("serving", stack_args(**json.loads(changes))), preview)


def part_of(resource: Registered) -> str:
    """Class of the component that a resource belongs to."""
    return resource.parent.rpartition("::")[0].rpartition(":")[2]
