"""Inputs that the real APIs take, one set for each resource type of the tables, and ways to ask the stand-ins about them."""

from __future__ import annotations

import copy
from typing import Any, cast

from pulumi.runtime.proto import provider_pb2

from sandbox.providers.api import Api, Failure, Properties
from sandbox.providers.gcp.google_api import GoogleApi
from sandbox.providers.servicer import StandIn, to_dict, to_struct
from tests.sandbox.providers.more_examples import MORE
from tests.sandbox.providers.names import NETWORK_ID, PROJECT, REGION, ROBOT

SEED = b"0123456789"

NETWORK = "gcp:compute/network:Network"
SUBNETWORK = "gcp:compute/subnetwork:Subnetwork"
ROUTER = "gcp:compute/router:Router"
NAT = "gcp:compute/routerNat:RouterNat"
CLUSTER = "gcp:container/cluster:Cluster"
POOL = "gcp:container/nodePool:NodePool"
BUCKET = "gcp:storage/bucket:Bucket"
BUCKET_MEMBER = "gcp:storage/bucketIAMMember:BucketIAMMember"
ACCOUNT = "gcp:serviceaccount/account:Account"
PROJECT_MEMBER = "gcp:projects/iAMMember:IAMMember"
API_SERVICE = "gcp:projects/service:Service"
SECRET = "gcp:secretmanager/secret:Secret"  # noqa: S105
SECRET_MEMBER = "gcp:secretmanager/secretIamMember:SecretIamMember"  # noqa: S105
RUN = "gcp:cloudrunv2/service:Service"
RUN_MEMBER = "gcp:cloudrunv2/serviceIamMember:ServiceIamMember"
REPOSITORY = "gcp:artifactregistry/repository:Repository"

#: In an order in which they can be created.
GOOGLE: dict[str, Properties] = {
    NETWORK: {"name": "platform", "autoCreateSubnetworks": False},
    SUBNETWORK: {
        "name": "nodes",
        "network": NETWORK_ID,
        "region": REGION,
        "ipCidrRange": "10.0.0.0/20",
        "secondaryIpRanges": [{"rangeName": "pods", "ipCidrRange": "10.4.0.0/14"}],
    },
    ROUTER: {"name": "out", "network": NETWORK_ID, "region": REGION},
    NAT: {
        "name": "nat",
        "router": "out",
        "region": REGION,
        "natIpAllocateOption": "AUTO_ONLY",
        "sourceSubnetworkIpRangesToNat": "ALL_SUBNETWORKS_ALL_IP_RANGES",
    },
    ACCOUNT: {"accountId": "robot-one", "displayName": "Robot"},
    CLUSTER: {
        "name": "models",
        "location": REGION,
        "network": NETWORK_ID,
        "subnetwork": f"projects/{PROJECT}/regions/{REGION}/subnetworks/nodes",
        "workloadIdentityConfig": {"workloadPool": f"{PROJECT}.svc.id.goog"},
        "releaseChannel": {"channel": "REGULAR"},
        "resourceLabels": {"team": "ml"},
        "controlPlaneEndpointsConfig": {"dnsEndpointConfig": {"allowExternalTraffic": True}},
        "deletionProtection": False,
    },
    POOL: {
        "name": "l4",
        "cluster": "models",
        "location": REGION,
        "nodeLocations": ["us-central1-a"],
        "autoscaling": {"totalMinNodeCount": 0, "totalMaxNodeCount": 2},
        "nodeConfig": {
            "machineType": "g2-standard-24",
            "spot": True,
            "diskType": "pd-balanced",
            "serviceAccount": ROBOT,
            "resourceLabels": {"team": "ml"},
            "guestAccelerators": [{"type": "nvidia-l4", "count": 2}],
            "taints": [{"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}],
        },
    },
    BUCKET: {"name": "acme-weights", "location": "US-CENTRAL1", "labels": {"team": "ml"}},
    BUCKET_MEMBER: {
        "bucket": "acme-weights",
        "role": "roles/storage.objectViewer",
        "member": f"serviceAccount:{ROBOT}",
    },
    PROJECT_MEMBER: {"project": PROJECT, "role": "roles/logging.logWriter", "member": f"serviceAccount:{ROBOT}"},
    API_SERVICE: {"service": "run.googleapis.com"},
    SECRET: {"secretId": "hub-token", "replication": {"auto": {}}, "labels": {"team": "ml"}},
    SECRET_MEMBER: {
        "secretId": "hub-token",
        "role": "roles/secretmanager.secretAccessor",
        "member": f"serviceAccount:{ROBOT}",
    },
    RUN: {
        "name": "helpdesk",
        "location": REGION,
        "ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY",
        "deletionProtection": False,
        "labels": {"team": "ml"},
        "template": {
            "serviceAccount": ROBOT,
            "timeout": "900s",
            "maxInstanceRequestConcurrency": 16,
            "nodeSelector": {"accelerator": "nvidia-l4"},
            "scaling": {"minInstanceCount": 0, "maxInstanceCount": 1},
            "containers": [
                {
                    "image": "vllm/vllm-openai:v0.20.0",
                    "resources": {
                        "limits": {"cpu": "8", "memory": "32Gi", "nvidia.com/gpu": "1"},
                        "cpuIdle": False,
                    },
                    "startupProbe": {"periodSeconds": 10, "failureThreshold": 180, "httpGet": {"path": "/health"}},
                }
            ],
        },
    },
    RUN_MEMBER: {
        "name": "helpdesk",
        "location": REGION,
        "role": "roles/run.invoker",
        "member": f"serviceAccount:{ROBOT}",
    },
    REPOSITORY: {"repositoryId": "images", "location": REGION, "format": "DOCKER"},
    **MORE,
}

UNSET = object()


def example(token: str, path: str = "", value: Any = UNSET) -> Properties:
    """A copy of a type's example, with the value at a dotted path put in (lists by index), or taken out when it is None."""
    return changed(GOOGLE[token], path, value) if path else copy.deepcopy(GOOGLE[token])


def changed(inputs: Properties, path: str, value: Any) -> Properties:
    """A copy of `inputs` with the value at a dotted path put in, or taken out when it is None."""
    result = copy.deepcopy(inputs)
    place: Any = result
    *way, last = cast("list[Any]", [int(part) if part.isdigit() else part for part in path.split(".")])
    for part in way:
        if isinstance(place, dict):
            place.setdefault(part, {})
        place = place[part]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return result


def check(
    api: Api, token: str, inputs: Properties, name: str = "thing", old: Properties | None = None
) -> list[Failure]:
    """What `api` refuses at Check; `inputs` get the names that are filled in."""
    return api.check(token, name, inputs, old or {}, SEED)


def refused_paths(api: Api, token: str, inputs: Properties) -> list[str]:
    """Only the paths of what is refused, each once, sorted."""
    return sorted({path for path, _ in check(api, token, copy.deepcopy(inputs))})


def create_all(api: GoogleApi, *tokens: str) -> dict[str, str]:
    """Creates the examples of these types (of all when none are named); id by type."""
    return {token: api.create(token, example(token))[0] for token in GOOGLE if token in tokens or not tokens}


class Engine:
    """Calls a stand-in as the engine does, with the protocol's own messages."""

    def __init__(self, stand_in: StandIn) -> None:
        self.stand_in = stand_in

    def diff(self, token: str, old: Properties, new: Properties, ignore: list[str] | None = None) -> Any:
        """The answer to Diff for inputs that Check has seen."""
        request = provider_pb2.DiffRequest(
            id="id", urn=urn(token), old_inputs=to_struct(old), news=to_struct(new), ignoreChanges=ignore or []
        )
        return self.stand_in.Diff(request, _no_context())

    def check(self, token: str, news: Properties, olds: Properties | None = None) -> tuple[Properties, list[str]]:
        """(inputs with names filled in, reasons of refusals)."""
        request = provider_pb2.CheckRequest(
            urn=urn(token), news=to_struct(news), olds=to_struct(olds or {}), randomSeed=SEED
        )
        answer = self.stand_in.Check(request, _no_context())
        return to_dict(answer.inputs), [failure.reason for failure in answer.failures]

    def preview_update(self, token: str, old: Properties, old_inputs: Properties, new: Properties) -> Properties:
        """Outputs that a preview of an update shows."""
        request = provider_pb2.UpdateRequest(
            id="id",
            urn=urn(token),
            olds=to_struct(old),
            old_inputs=to_struct(old_inputs),
            news=to_struct(new),
            preview=True,
        )
        return to_dict(self.stand_in.Update(request, _no_context()).properties)


def urn(token: str, name: str = "thing") -> str:
    """A resource's URN as the engine makes it."""
    return f"urn:pulumi:dev::project::{token}::{name}"


def _no_context() -> Any:
    """Of these calls none looks at its gRPC context."""
    return None
