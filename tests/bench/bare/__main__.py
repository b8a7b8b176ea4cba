"""The same kinds and numbers of resources as dev, written straight down: what a preview costs without this project's code.

Only for `make bench`. Components are empty shells here, so that the engine registers as many resources.
"""

import pulumi
import pulumi_gcp as gcp
import pulumi_kubernetes as k8s

REGION, ZONE, PROJECT = "us-central1", "us-central1-a", "example-gemma-dev"
GOOGLE = {
    "owner": "ml-platform",
    "cost-center": "cc-0001",
    "team": "platform",
    "model-architecture": "shared",
    "total-params": "shared",
    "active-param-ratio": "shared",
}
KUBERNETES = {**{k: v for k, v in GOOGLE.items() if k != "owner"}, "app.kubernetes.io/owner": "ml-platform"}


google = gcp.Provider("google", project=PROJECT, region=REGION)


def component(kind: str, name: str, opts: pulumi.ResourceOptions | None = None) -> pulumi.ResourceOptions:
    """Registers an empty component and returns the options that put a child into it."""
    opts = pulumi.ResourceOptions.merge(pulumi.ResourceOptions(providers=[google]), opts)
    return pulumi.ResourceOptions(parent=pulumi.ComponentResource(f"gemma-platform:index:{kind}", name, {}, opts))


APIS = "artifactregistry cloudquotas cloudresourcemanager compute container containerfilesystem dns iam iamcredentials logging"
inside = component("ProjectServices", "services")
for api in f"{APIS} monitoring run secretmanager serviceusage storage sts".split():
    gcp.projects.Service(api, project=PROJECT, service=f"{api}.googleapis.com", disable_on_destroy=False, opts=inside)

inside = component("ModelSecrets", "secrets")
secret = gcp.secretmanager.Secret(
    "hf-token",
    secret_id="hf-token",  # noqa: S106
    labels=GOOGLE,
    replication=gcp.secretmanager.SecretReplicationArgs(auto=gcp.secretmanager.SecretReplicationAutoArgs()),
    opts=inside,
)

inside = component("Network", "network")
network = gcp.compute.Network("network", name="gemma-dev", auto_create_subnetworks=False, opts=inside)
subnetwork = gcp.compute.Subnetwork(
    "network",
    name="gemma-dev",
    network=network.id,
    region=REGION,
    ip_cidr_range="10.0.0.0/20",
    private_ip_google_access=True,
    secondary_ip_ranges=[
        gcp.compute.SubnetworkSecondaryIpRangeArgs(range_name="pods", ip_cidr_range="10.4.0.0/14"),
        gcp.compute.SubnetworkSecondaryIpRangeArgs(range_name="services", ip_cidr_range="10.0.16.0/20"),
    ],
    opts=inside,
)
router = gcp.compute.Router("network", name="gemma-dev", network=network.id, region=REGION, opts=inside)
gcp.compute.RouterNat(
    "network",
    name="gemma-dev",
    router=router.name,
    region=REGION,
    nat_ip_allocate_option="AUTO_ONLY",
    source_subnetwork_ip_ranges_to_nat="ALL_SUBNETWORKS_ALL_IP_RANGES",
    opts=inside,
)

gcp.compute.Firewall(
    "network",
    name="gemma-dev",
    network=network.id,
    priority=65534,
    source_ranges=["0.0.0.0/0"],
    denies=[gcp.compute.FirewallDenyArgs(protocol="all")],
    opts=inside,
)

inside = component("ModelBucket", "models")
bucket = gcp.storage.Bucket(
    "models", name="example-gemma-dev-bare-models", location="US-CENTRAL1", labels=GOOGLE, opts=inside
)

for checkpoint in ("gemma-4-26b", "gemma-4-e4b"):
    inside = component("WeightsLoaderJob", f"load-{checkpoint}")
    loader = gcp.serviceaccount.Account(checkpoint, account_id=f"load-{checkpoint}", opts=inside)
    gcp.storage.BucketIAMMember(
        checkpoint, bucket=bucket.name, role="roles/storage.objectUser", member=loader.member, opts=inside
    )
    gcp.secretmanager.SecretIamMember(
        checkpoint,
        secret_id=secret.secret_id,
        role="roles/secretmanager.secretAccessor",
        member=loader.member,
        opts=inside,
    )
    gcp.cloudrunv2.Job(
        checkpoint,
        name=f"load-{checkpoint}",
        location=REGION,
        labels=GOOGLE,
        template=gcp.cloudrunv2.JobTemplateArgs(
            labels=GOOGLE,
            template=gcp.cloudrunv2.JobTemplateTemplateArgs(
                service_account=loader.email,
                containers=[gcp.cloudrunv2.JobTemplateTemplateContainerArgs(image="docker.io/library/python:3.13")],
            ),
        ),
        opts=inside,
    )

inside = component("Cluster", "cluster")
nodes = gcp.serviceaccount.Account("cluster-nodes", account_id="gemma-dev-nodes", opts=inside)
for role in ("artifactregistry.reader", "container.defaultNodeServiceAccount"):
    gcp.projects.IAMMember(role, project=PROJECT, role=f"roles/{role}", member=nodes.member, opts=inside)
cluster = gcp.container.Cluster(
    "cluster",
    name="gemma-dev",
    location=ZONE,
    network=network.id,
    subnetwork=subnetwork.id,
    remove_default_node_pool=True,
    initial_node_count=1,
    control_plane_endpoints_config=gcp.container.ClusterControlPlaneEndpointsConfigArgs(
        dns_endpoint_config=gcp.container.ClusterControlPlaneEndpointsConfigDnsEndpointConfigArgs(
            allow_external_traffic=True
        )
    ),
    deletion_protection=False,
    resource_labels=GOOGLE,
    opts=inside,
)
gcp.container.NodePool(
    "cluster-system",
    cluster=cluster.name,
    location=ZONE,
    node_count=1,
    node_config=gcp.container.NodePoolNodeConfigArgs(
        machine_type="e2-standard-4", labels=GOOGLE, resource_labels=GOOGLE, service_account=nodes.email
    ),
    opts=inside,
)

for option in ("spot", "on-demand"):
    inside = component("GpuNodePool", f"g2-standard-24-{option}")
    gcp.container.NodePool(
        f"g2-standard-24-{option}",
        cluster=cluster.name,
        location=ZONE,
        autoscaling=gcp.container.NodePoolAutoscalingArgs(total_min_node_count=0, total_max_node_count=1),
        node_config=gcp.container.NodePoolNodeConfigArgs(
            machine_type="g2-standard-24",
            spot=option == "spot",
            guest_accelerators=[gcp.container.NodePoolNodeConfigGuestAcceleratorArgs(type="nvidia-l4", count=2)],
            labels=GOOGLE,
            resource_labels=GOOGLE,
            service_account=nodes.email,
        ),
        opts=inside,
    )

kubernetes = k8s.Provider("gke", kubeconfig=cluster.endpoint.apply(lambda host: f"server: {host}"))
inside = component("ComputeClass", "ladder", pulumi.ResourceOptions(providers=[google, kubernetes]))
k8s.apiextensions.CustomResource(
    "ladder",
    api_version="cloud.google.com/v1",
    kind="ComputeClass",
    metadata=k8s.meta.v1.ObjectMetaArgs(name="ladder", labels=KUBERNETES),
    spec={"priorities": [{"nodepools": ["spot"]}, {"nodepools": ["on-demand"]}], "whenUnsatisfiable": "DoNotScaleUp"},
    opts=inside,
)
for team in ("payments", "support"):
    inside = component("Team", team, pulumi.ResourceOptions(providers=[google, kubernetes]))
    namespace = k8s.core.v1.Namespace(
        team, metadata=k8s.meta.v1.ObjectMetaArgs(name=f"team-{team}", labels=KUBERNETES), opts=inside
    )
    in_team = namespace.metadata.name
    k8s.core.v1.ServiceAccount(
        team, metadata=k8s.meta.v1.ObjectMetaArgs(name="models", namespace=in_team, labels=KUBERNETES), opts=inside
    )
    k8s.rbac.v1.RoleBinding(
        team,
        metadata=k8s.meta.v1.ObjectMetaArgs(name="team-view", namespace=in_team, labels=KUBERNETES),
        role_ref=k8s.rbac.v1.RoleRefArgs(api_group="rbac.authorization.k8s.io", kind="ClusterRole", name="view"),
        subjects=[
            k8s.rbac.v1.SubjectArgs(api_group="rbac.authorization.k8s.io", kind="Group", name=f"{team}@example.com")
        ],
        opts=inside,
    )
    if team == "payments":
        gcp.storage.BucketIAMMember(
            team, bucket=bucket.name, role="roles/storage.objectViewer", member="group:a@example.com", opts=inside
        )

ENGINE = ["gs://models/google/gemma-4-E4B-it", "--max-model-len=8192", "--max-num-seqs=2", "--language-model-only"]
IMAGE = "docker.io/vllm/vllm-openai:v0.33.0"
inside = component("GemmaDeployment", "payments/assistant", pulumi.ResourceOptions(providers=[google, kubernetes]))
k8s.apiextensions.CustomResource(
    "payments/assistant",
    api_version="serving.kserve.io/v1beta1",
    kind="InferenceService",
    metadata=k8s.meta.v1.ObjectMetaArgs(name="assistant", namespace="team-payments", labels=KUBERNETES),
    spec={
        "predictor": {
            "labels": KUBERNETES,
            "nodeSelector": {"cloud.google.com/gke-accelerator": "nvidia-l4"},
            "containers": [
                {
                    "name": "kserve-container",
                    "image": IMAGE,
                    "command": ["vllm", "serve"],
                    "args": ENGINE,
                    "resources": {"limits": {"nvidia.com/gpu": "1"}},
                }
            ],
        }
    },
    opts=inside,
)

inside = component("CloudRunModel", "support/helpdesk")
account = gcp.serviceaccount.Account("support/helpdesk", account_id="gemma-dev-helpdesk", opts=inside)
gcp.storage.BucketIAMMember(
    "support/helpdesk-weights",
    bucket=bucket.name,
    role="roles/storage.objectViewer",
    member=account.member,
    opts=inside,
)
service = gcp.cloudrunv2.Service(
    "support/helpdesk",
    name="gemma-dev-helpdesk",
    location=REGION,
    deletion_protection=False,
    labels=GOOGLE,
    template=gcp.cloudrunv2.ServiceTemplateArgs(
        labels=GOOGLE,
        node_selector=gcp.cloudrunv2.ServiceTemplateNodeSelectorArgs(accelerator="nvidia-l4"),
        gpu_zonal_redundancy_disabled=True,
        scaling=gcp.cloudrunv2.ServiceTemplateScalingArgs(max_instance_count=1),
        containers=[
            gcp.cloudrunv2.ServiceTemplateContainerArgs(
                image=IMAGE,
                commands=["vllm", "serve"],
                args=ENGINE,
                resources=gcp.cloudrunv2.ServiceTemplateContainerResourcesArgs(
                    limits={"cpu": "8", "memory": "32Gi", "nvidia.com/gpu": "1"}, cpu_idle=False
                ),
            )
        ],
    ),
    opts=inside,
)
gcp.cloudrunv2.ServiceIamMember(
    "support/helpdesk-caller",
    name=service.name,
    location=REGION,
    role="roles/run.invoker",
    member="group:support@example.com",
    opts=inside,
)
