"""APIs that are enabled in the project, and the list of those that a stack needs.

Owns the enabling alone: an API that leaves the list, or whose stack is destroyed, stays enabled, because something else in the
project may use it. Creates no project and no service agent. Costs nothing. Replaced when: project or API changes, without effect
on what was enabled before. `serviceusage` must be enabled by hand where it is not: enabling anything goes through it.
Source: GoogleCloudPlatform/accelerated-platforms project.tf (2026-08-20) for the core; the reasons stand beside each API.
"""

from collections.abc import Collection
from enum import StrEnum
from typing import TypedDict

import pulumi
import pulumi_gcp as gcp

from components.package import token

SUFFIX = ".googleapis.com"


class Feature(StrEnum):
    """What a stack may use beyond what every stack does."""

    ENCRYPTION_KEYS = "encryption-keys"
    BUDGETS = "budgets"
    QUOTA = "quota"
    IMAGE_SCANNING = "image-scanning"
    GATEWAY = "gateway"
    ROTATION_REMINDER = "rotation-reminder"


#: What every stack needs, and why.
ALWAYS = {
    "artifactregistry": "mirrors of container images and charts",
    "cloudresourcemanager": "role bindings on the project",
    "compute": "network, Cloud NAT and the machines of node pools",
    "container": "the GKE cluster",
    "containerfilesystem": "image streaming, so that a node starts before the engine's image has arrived",
    "dns": "names inside the network, and where Google's APIs are reached from there",
    "iam": "service accounts and their bindings",
    "iamcredentials": "short-lived tokens of Workload Identity, instead of keys",
    "logging": "logs of nodes and services",
    "monitoring": "metrics, alerts and their channels",
    "run": "models and loader jobs on Cloud Run",
    "secretmanager": "tokens of model hubs",
    "serviceusage": "enabling the APIs of this list",
    "storage": "the bucket with the weights",
    "sts": "exchange of an outside identity for a Google token",
}

#: What a feature needs besides, and why.
WITH_FEATURE = {
    Feature.ENCRYPTION_KEYS: {"cloudkms": "keys of the organisation's own"},
    Feature.BUDGETS: {"billingbudgets": "budgets that tell of spend"},
    Feature.QUOTA: {"cloudquotas": "reading GPU quota before a deployment, and asking for more"},
    Feature.IMAGE_SCANNING: {"containerscanning": "the search for known vulnerabilities in images"},
    Feature.GATEWAY: {"certificatemanager": "the certificate of the gateway before the models"},
    Feature.ROTATION_REMINDER: {"pubsub": "reminders that the value of a secret is due"},
}


class ProjectServicesArgs(TypedDict):
    """Arguments of ProjectServices."""

    project: str
    """Google Cloud project."""
    services: list[str]
    """APIs to enable, each `<name>.googleapis.com`; `services_needed` makes the list."""


class ProjectServices(pulumi.ComponentResource):
    """The enabled APIs of a project. What uses one of them depends on this component."""

    enabled: pulumi.Output[list[str]]

    def __init__(self, name: str, args: ProjectServicesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        _refuse(args["services"])
        super().__init__(token(ProjectServices), name, {}, opts)
        services = [
            gcp.projects.Service(
                f"{name}-{service.removesuffix(SUFFIX)}",
                project=args["project"],
                service=service,
                disable_on_destroy=False,
                disable_dependent_services=False,
                opts=pulumi.ResourceOptions(parent=self),
            )
            for service in args["services"]
        ]
        self.enabled = pulumi.Output.all(*(service.service for service in services))
        self.register_outputs({"enabled": self.enabled})


def services_needed(features: Collection[Feature] = ()) -> list[str]:
    """The APIs that a stack with these features needs, in alphabetical order."""
    names = set(ALWAYS).union(*(WITH_FEATURE[feature] for feature in features))
    return [f"{name}{SUFFIX}" for name in sorted(names)]


def _refuse(services: list[str]) -> None:
    if not services:
        raise ValueError("services is empty; services_needed() gives the APIs that every stack needs")
    for service in services:
        if not service.endswith(SUFFIX) or service == SUFFIX:
            raise ValueError(f"'{service}' is no API; write it as <name>{SUFFIX}")
    if repeated := sorted({service for service in services if services.count(service) > 1}):
        raise ValueError(f"services names more than once: {', '.join(repeated)}")
