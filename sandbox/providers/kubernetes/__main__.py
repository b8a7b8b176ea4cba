"""Starts the stand-in for Kubernetes."""

from sandbox.providers.kubernetes.kubernetes_api import KubernetesApi
from sandbox.providers.serve import start

if __name__ == "__main__":
    start(KubernetesApi, "pulumi-kubernetes")
