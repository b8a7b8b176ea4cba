"""The kubeconfig of a cluster. Pure."""

import json


def make_kubeconfig(cluster: str, dns_endpoint: str) -> str:
    """A kubeconfig (JSON) that reaches the cluster by its DNS endpoint; credentials come from the GKE auth plugin.

    It names no certificate authority: the endpoint is below gke.goog, and its certificate is a public one.
    """
    user = {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1beta1",
            "command": "gke-gcloud-auth-plugin",
            "installHint": "install gke-gcloud-auth-plugin (gcloud components install gke-gcloud-auth-plugin)",
            "provideClusterInfo": True,
        }
    }
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": cluster, "cluster": {"server": f"https://{dns_endpoint}"}}],
            "users": [{"name": cluster, "user": user}],
            "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": cluster}}],
            "current-context": cluster,
        }
    )
