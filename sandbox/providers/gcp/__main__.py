"""Starts the stand-in for Google Cloud."""

from importlib.metadata import version

from sandbox.providers.cloud import Cloud
from sandbox.providers.gcp.google_api import GoogleApi
from sandbox.providers.serve import serve
from sandbox.providers.servicer import StandIn

if __name__ == "__main__":
    cloud = Cloud.of_environment()
    serve(StandIn(GoogleApi(cloud), cloud, version("pulumi-gcp")))
