"""A bucket and a namespace of another team. They comply with the pack; README.md shows how to see a rule refuse."""

import pulumi
import pulumi_gcp as gcp
import pulumi_kubernetes as k8s

GOOGLE = {
    "owner": "search",
    "cost-center": "cc-7",
    "team": "search",
    "model-architecture": "dense",
    "total-params": "7941m",
    "active-param-ratio": "585",
}
KUBERNETES = {**{k: v for k, v in GOOGLE.items() if k != "owner"}, "app.kubernetes.io/owner": "search"}

bucket = gcp.storage.Bucket(
    "documents",
    name="example-search-documents",
    location="US-CENTRAL1",
    labels=GOOGLE,
    uniform_bucket_level_access=True,
    public_access_prevention="enforced",
)
kubernetes = k8s.Provider("cluster", kubeconfig=pulumi.Config().require("kubeconfig"))
opts = pulumi.ResourceOptions(provider=kubernetes)
namespace = k8s.core.v1.Namespace("search", metadata={"name": "team-search", "labels": KUBERNETES}, opts=opts)
inside = pulumi.ResourceOptions(provider=kubernetes, depends_on=[namespace])
account = k8s.core.v1.ServiceAccount(
    "models", metadata={"name": "models", "namespace": "team-search", "labels": KUBERNETES}, opts=inside
)
