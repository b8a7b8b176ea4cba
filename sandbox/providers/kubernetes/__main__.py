"""Starts the stand-in for Kubernetes: over a real API server where the sandbox names one, else over files."""

import os

from sandbox.providers.kubernetes.kubernetes_api import KubernetesApi
from sandbox.providers.serve import start

if __name__ == "__main__":
    if os.environ.get("SANDBOX_CLUSTER"):
        # only here, as its client takes long to load
        from sandbox.providers.kubernetes.live.live_api import LiveApi

        start(LiveApi.of_environment, "pulumi-kubernetes")
    else:
        start(KubernetesApi, "pulumi-kubernetes")
