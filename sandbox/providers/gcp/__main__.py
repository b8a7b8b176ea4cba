"""Starts the stand-in for Google Cloud."""

from sandbox.providers.gcp.google_api import GoogleApi
from sandbox.providers.serve import start

if __name__ == "__main__":
    start(GoogleApi, "pulumi-gcp")
