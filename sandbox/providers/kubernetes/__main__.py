"""Starts the stand-in for Kubernetes."""

from importlib.metadata import version

from sandbox.providers.cloud import Cloud
from sandbox.providers.kubernetes.kubernetes_api import KubernetesApi
from sandbox.providers.serve import serve
from sandbox.providers.servicer import StandIn

if __name__ == "__main__":
    cloud = Cloud.of_environment()
    serve(StandIn(KubernetesApi(cloud), cloud, version("pulumi-kubernetes")))
