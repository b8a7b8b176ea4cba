"""Network, cluster and GPU pools."""

from __future__ import annotations

from components.google.cluster import Cluster
from components.google.google_apis import GoogleApis
from components.google.gpu_node_pool import GpuNodePool
from components.google.network import Network
from tests.sandbox.replacements.case import Arguments, Case, Subject
from tests.unit.components import test_cluster, test_google_apis, test_gpu_node_pool, test_network

NETWORK = ("compute.Network", "compute.Subnetwork", "compute.Router", "compute.RouterNat", "compute.Firewall")
CLUSTER, POOL = "container.Cluster", "container.NodePool"
IDENTITY = ("serviceaccount.Account", "projects.IAMMember")
KEY = "projects/elsewhere/locations/us-central1/keyRings/r/cryptoKeys/cluster"
ZONES = ["us-central1-a", "us-central1-b"]
#: What pools of all kinds of GPUs stand in.
SHARED_CLUSTER, SHARED_LOCATION = "shared", "us-central1"


ROUTE, ZONE, RECORD = "compute.Route", "dns.ManagedZone", "dns.RecordSet"
#: Each network sees one zone of a domain, so that every case has a network of its own.
SHARED_NETWORKS = [f"shared-{number}" for number in range(4)]


#: What a network may let in.
OPENED = {
    "proxies_range": "10.0.32.0/23",
    "health_check_ports": [9000],
    "control_plane_range": "172.16.0.0/28",
    "webhook_ports": [9443],
}


def network(number: int) -> Arguments:
    return {**test_network.arguments(), "name": f"network-{number}", "nodes_range": "10.0.0.0/21"}


def google_apis(number: int) -> Arguments:
    return {**test_google_apis.arguments(), "name": f"apis-{number}", "network_id": SHARED_NETWORKS[number]}


def cluster(number: int) -> Arguments:
    return {
        **test_cluster.arguments(),
        "name": f"cluster-{number}",
        "node_account_id": f"cluster-{number}-nodes",
        "network_id": "default",
        "subnetwork_id": "default",
        "deletion_protection": False,  # what is protected refuses a replacement, which is what is to be seen here
    }


def pool_on(machine_type: str, option: str = "on-demand") -> Arguments:
    """Arguments of a pool of the shared cluster, without a name."""
    found = {**test_gpu_node_pool.pool_of(machine_type, option), "node_locations": ["us-central1-a"]}
    return {key: value for key, value in found.items() if key != "name"} | {
        "cluster_name": SHARED_CLUSTER,
        "location": SHARED_LOCATION,
    }


def pool(number: int) -> Arguments:
    return {**pool_on("g2-standard-24"), "name": f"pool-{number}"}


def bigger(machine_type: str) -> Arguments:
    """What another machine type changes with it."""
    fields = ("machine_type", "accelerator", "accelerator_count", "boot_disk_type")
    return {field: pool_on(machine_type)[field] for field in fields}


SUBJECTS = (
    Subject(
        Network,
        network,
        [
            Case({"name": "other"}, replaced=NETWORK),
            Case({"region": "us-east1"}, replaced=NETWORK[1:4]),
            Case({"nodes_range": "10.0.0.0/20"}, updated=["compute.Subnetwork"]),
            Case({"nodes_range": "10.0.0.0/22"}, replaced=["compute.Subnetwork"]),
            Case(
                {"pods_range": "10.8.0.0/14", "services_range": "10.1.0.0/20", "flow_log_sampling": 0.5},
                updated=["compute.Subnetwork"],
            ),
            Case(OPENED, created=["compute.Subnetwork", "compute.Firewall"]),
            Case(
                {
                    "proxies_range": "10.0.36.0/23",
                    "health_check_ports": [9100],
                    "control_plane_range": "172.16.0.16/28",
                    "webhook_ports": [9443, 8443],
                },
                replaced=["compute.Subnetwork"],
                updated=["compute.Firewall"],
                start=OPENED,
            ),
        ],
    ),
    Subject(
        GoogleApis,
        google_apis,
        [
            Case({"name": "other"}, replaced=[ROUTE, ZONE, RECORD]),
            Case({"network_id": "default"}, replaced=[ROUTE], updated=[ZONE]),
            Case({"reach": "restricted"}, replaced=[ROUTE, RECORD], updated=[RECORD]),
            Case({"labels": {"team": "other"}}, updated=[ZONE]),
        ],
    ),
    Subject(
        Cluster,
        cluster,
        [
            Case({"name": "other"}, replaced=[CLUSTER, POOL]),
            Case({"location": "us-central1"}, replaced=[CLUSTER, POOL]),
            Case({"network_id": "other"}, replaced=[CLUSTER, POOL]),
            Case({"subnetwork_id": "other"}, replaced=[CLUSTER, POOL]),
            Case({"node_account_id": "other-nodes"}, replaced=[*IDENTITY, POOL]),
            Case(
                {"node_locations": ZONES, "database_encryption_key": None},
                updated=[CLUSTER, POOL],
                start={"location": "us-central1", "database_encryption_key": KEY},
            ),
            Case(
                {
                    "security_group": "gke-security-groups@a.example",
                    "security_posture": True,
                    "secret_manager": True,
                    "database_encryption_key": KEY,
                    "maintenance_window": test_cluster.WINDOW,
                    "deletion_protection": True,
                },
                updated=[CLUSTER],
            ),
            Case({"labels": {"owner": "other"}}, updated=[CLUSTER, POOL]),
            Case({"usage_metrics": True, "system_node_labels": {"price": "other"}}, updated=[CLUSTER, POOL]),
            Case(
                {
                    "system_machine_type": "e2-standard-8",
                    "system_nodes_per_zone": 2,
                    "system_disk_type": "pd-ssd",
                    "system_disk_gb": 50,
                },
                updated=[POOL],
            ),
        ],
    ),
    Subject(
        GpuNodePool,
        pool,
        [
            Case({"name": "other"}, replaced=[POOL]),
            Case({"cluster_name": "other"}, replaced=[POOL]),
            Case({"location": "us-central1-a"}, replaced=[POOL]),
            Case(bigger("g2-standard-48"), replaced=[POOL]),
            Case(bigger("g2-standard-12"), replaced=[POOL], start=bigger("g2-standard-8")),
            Case(bigger("a2-highgpu-2g"), replaced=[POOL]),
            Case({"purchase_option": "spot"}, replaced=[POOL]),
            Case({"purchase_option": "flex-start"}, replaced=[POOL]),
            Case({"purchase_option": "reservation", "reservation": "held"}, replaced=[POOL]),
            Case(
                {"reservation": "other"},
                replaced=[POOL],
                start={"purchase_option": "reservation", "reservation": "held"},
            ),
            Case({"sharing": {"strategy": "time-sharing", "clients": 4}}, replaced=[POOL]),
            Case({"mig_profile": "1g.5gb"}, replaced=[POOL], start=bigger("a2-highgpu-1g")),
            Case({"local_ssds": 2}, replaced=[POOL]),
            Case({"driver_version": "DEFAULT"}, replaced=[POOL]),
            Case({"service_account": "others@p.iam.gserviceaccount.com"}, replaced=[POOL]),
            Case({"compute_class": "ladder"}, updated=[POOL]),
            Case(
                {
                    "max_nodes": 9,
                    "node_locations": ZONES,
                    "boot_disk_type": "pd-ssd",
                    "labels": {"owner": "other"},
                    "node_labels": {"gemma-platform/pool": "other"},
                },
                updated=[POOL],
            ),
        ],
    ),
)
