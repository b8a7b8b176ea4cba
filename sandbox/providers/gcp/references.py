"""What must exist before something can name it: networks, service accounts, identity pools, keys.

The real services refuse such requests with these or similar words (seen in public issue threads, 2026).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sandbox.providers.api import Failure, Properties
from sandbox.providers.gcp.resource_type import World, digits
from sandbox.providers.values import at, known

NETWORK = "gcp:compute/network:Network"
FIREWALL = "gcp:compute/firewall:Firewall"
ROUTE = "gcp:compute/route:Route"
SUBNETWORK = "gcp:compute/subnetwork:Subnetwork"
CLUSTER = "gcp:container/cluster:Cluster"
ACCOUNT = "gcp:serviceaccount/account:Account"
KEY = "gcp:kms/cryptoKey:CryptoKey"
KEY_MEMBER = "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember"
PROJECT_MEMBER = "gcp:projects/iAMMember:IAMMember"
WORKLOAD_POOL = "gcp:iam/workloadIdentityPool:WorkloadIdentityPool"
#: Who uses a key on behalf of a service.
STORAGE_AGENT = "gs-project-accounts"
CLUSTER_AGENT = "container-engine-robot"
REGISTRY_AGENT = "gcp-sa-artifactregistry"
SECRETS_AGENT = "gcp-sa-secretmanager"
PUBSUB_AGENT = "gcp-sa-pubsub"
KEY_ROLE = "roles/cloudkms.cryptoKeyEncrypterDecrypter"

LINK = re.compile(r"^https://[a-z.]+\.googleapis\.com/(compute/)?(v1|beta)/")
POOL = re.compile(r"([a-z0-9-]+\.svc\.id\.goog)")
KEY_ID = re.compile(r"^projects/([^/]+)/locations/([^/]+)/keyRings/[^/]+/cryptoKeys/[^/]+$")
#: An identity that another provider vouches for: the pool's project (by number or id) and its id.
FEDERATED = re.compile(r"//iam\.googleapis\.com/projects/([^/]+)/locations/global/workloadIdentityPools/([^/]+)/")


def network_id(world: World, inputs: Properties, value: str) -> str:
    """The id of a network that is named by its link, its id or its bare name."""
    path = LINK.sub("", value)
    return path if "/" in path else f"projects/{world.project_of(inputs)}/global/networks/{path}"


def subnetwork_id(world: World, inputs: Properties, value: str, region: str) -> str:
    """The id of a subnetwork that is named by its link, its id or its bare name."""
    path = LINK.sub("", value)
    return path if "/" in path else f"projects/{world.project_of(inputs)}/regions/{region}/subnetworks/{path}"


def needs_network(world: World, inputs: Properties) -> str | None:
    """A refusal when the network of `inputs` does not exist. Every project is taken to have the one called default."""
    value = inputs.get("network")
    if value is None or value == "default":
        return None
    network = network_id(world, inputs, value)
    return None if world.cloud.get(NETWORK, network) else f"Error 404: The resource '{network}' was not found, notFound"


def needs_subnetwork(world: World, inputs: Properties, region: str) -> str | None:
    """A refusal when the subnetwork of `inputs` does not exist."""
    value = inputs.get("subnetwork")
    if value is None or value == "default":
        return None
    subnetwork = subnetwork_id(world, inputs, value, region)
    if world.cloud.get(SUBNETWORK, subnetwork):
        return None
    return f"Error 404: The resource '{subnetwork}' was not found, notFound"


def needs_account(world: World, email: Any) -> str | None:
    """A refusal when a service account of the provider's own project does not exist; others cannot be looked at."""
    match = re.fullmatch(r"[a-z0-9-]+@([a-z0-9-]+)\.iam\.gserviceaccount\.com", str(email))
    if match is None or match.group(1) != world.project:
        return None
    if world.cloud.get(ACCOUNT, f"projects/{world.project}/serviceAccounts/{email}"):
        return None
    return f"Error 400: Service account {email} does not exist., badRequest"


def needs_member(world: World, inputs: Properties) -> str | None:
    """A refusal when `member` is an account, or an identity of a pool, of this project that does not exist."""
    member = str(inputs["member"])
    if (federated := FEDERATED.search(member)) is not None and not POOL.search(member):
        return _needs_workload_pool(world, *federated.groups())
    pool = POOL.search(member)
    if pool is None:
        return needs_account(world, member.partition(":")[2])
    if pool.group(1) != f"{world.project}.svc.id.goog" or _has_pool(world):
        return None
    # the pool comes with the project's first cluster that has Workload Identity
    return f"Error 400: Identity Pool does not exist ({pool.group(1)}). Please check that you specified a valid resource name"


def _has_pool(world: World) -> bool:
    clusters = (record["inputs"] for record in world.cloud.all(CLUSTER))
    return any(known(at(inputs, "workloadIdentityConfig", "workloadPool")) for inputs in clusters)


def _needs_workload_pool(world: World, project: str, pool: str) -> str | None:
    if project not in (world.project, digits(world.project, 12)):
        return None
    name = f"projects/{world.project}/locations/global/workloadIdentityPools/{pool}"
    if world.find(WORKLOAD_POOL, name):
        return None
    return f"Error 400: Identity Pool does not exist ({name}). Please check that you specified a valid resource name"


def needs_key(world: World, key: Any, agent: str) -> str | None:
    """A refusal when a key of the provider's own project is missing, destroyed, or not open to the service that is to use it."""
    match = KEY_ID.fullmatch(str(key)) if known(key) else None
    if match is None or match.group(1) != world.project:
        return None
    record = world.find(KEY, key)
    if record is None or at(record["outputs"], "primaries", 0, "state") == "DESTROYED":
        return f"Error 400: Cloud KMS key '{key}' was not found or its primary version is destroyed, invalid"
    if not any(_lets_use(record["inputs"], key, agent) for record in _grants(world)):
        number = digits(world.project, 12)
        return (
            f"Error 403: Permission denied on Cloud KMS key '{key}': service agent "
            f"service-{number}@{agent}.iam.gserviceaccount.com needs {KEY_ROLE} on it, forbidden"
        )
    return None


def _grants(world: World) -> Iterator[dict[str, Any]]:
    yield from world.cloud.all(KEY_MEMBER)
    yield from world.cloud.all(PROJECT_MEMBER)


def _lets_use(binding: Properties, key: str, agent: str) -> bool:
    covers = key_id(binding["cryptoKeyId"]) == key if "cryptoKeyId" in binding else True
    return covers and binding["role"] == KEY_ROLE and f"@{agent}." in binding["member"]


def key_id(value: str) -> str:
    """The full id of a key that is named in full or as <project>/<location>/<ring>/<key>."""
    parts = value.split("/")
    if len(parts) != 4:
        return value
    return "projects/{}/locations/{}/keyRings/{}/cryptoKeys/{}".format(*parts)


def key_failures(path: str, key: Any, location: Any) -> list[Failure]:
    """A key that is named in no full form, or that lies in another location than what it is to encrypt."""
    if not known(key):
        return []
    match = KEY_ID.fullmatch(str(key))
    if match is None:
        form = "projects/<project>/locations/<location>/keyRings/<ring>/cryptoKeys/<key>"
        return [(path, f"'{key}' is no key: its form is {form}")]
    if known(location) and match.group(2) != location:
        return [(path, f"the key lies in {match.group(2)}; it must lie in {location}, as what it encrypts")]
    return []
