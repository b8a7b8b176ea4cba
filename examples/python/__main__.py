"""Two Gemma 4 models of a team, one on Cloud Run and one on an existing cluster, by the component classes themselves."""

import sys
from pathlib import Path

import pulumi
import pulumi_kubernetes as k8s

# The folder that holds `components/`: here two levels up, in a repository of your own a git submodule or a subtree.
sys.path.append(str(Path(__file__).resolve().parents[2]))

from components.google.cloud_run_model import CloudRunModel, CloudRunModelArgs
from components.kubernetes.gemma_deployment import GemmaDeployment, GemmaDeploymentArgs, PoolNodesArgs
from components.wish_args import OwnershipArgs, WishArgs

config = pulumi.Config()
OWNERSHIP = OwnershipArgs(team="search", owner="search-ml", cost_center="cc-7")

assistant = CloudRunModel(
    "assistant",
    CloudRunModelArgs(
        name="assistant",
        region="us-central1",
        network_id=config.require("network"),
        subnetwork_id=config.require("subnetwork"),
        bucket_name=config.require("bucket"),
        ownership=OWNERSHIP,
        callers=["group:search@example.com"],
        wish=WishArgs(
            model="gemma-4-e4b-it",
            context_tokens=8192,
            peak_concurrent_requests=4,
            active_hours_per_month=220,
            scale_to_zero=True,
        ),
    ),
)

cluster = k8s.Provider(
    "cluster",
    kubeconfig=config.require("kubeconfig"),
    enable_config_map_mutable=True,  # a sizing record changes in place
)
summaries = GemmaDeployment(
    "summaries",
    GemmaDeploymentArgs(
        name="summaries",
        namespace_name="team-search",
        service_account="models",
        pool="g2-standard-12-spot",
        nodes=PoolNodesArgs(
            region="us-central1", zones=["us-central1-a"], machine_type="g2-standard-12", purchase_option="spot"
        ),
        bucket_name=config.require("bucket"),
        ownership=OWNERSHIP,
        wish=WishArgs(
            model="gemma-4-e4b-it",
            context_tokens=16384,
            peak_concurrent_requests=8,
            typical_tokens=4000,
            active_hours_per_month=220,
        ),
    ),
    pulumi.ResourceOptions(providers=[cluster]),
)

pulumi.export("assistantEndpoint", assistant.endpoint)
pulumi.export("assistantUsdPerMonth", assistant.expected_usd_per_month)
pulumi.export("summariesEndpoint", summaries.endpoint)
pulumi.export("summariesPlacement", summaries.placement)
