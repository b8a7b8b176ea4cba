"""Fixtures: both stand-ins over a cloud of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.providers.cloud import Cloud
from sandbox.providers.gcp.google_api import GoogleApi
from sandbox.providers.kubernetes.kubernetes_api import KubernetesApi
from sandbox.providers.servicer import StandIn
from tests.sandbox.providers.examples import PROJECT, REGION, Engine


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    return Cloud(tmp_path / "cloud")


@pytest.fixture
def google(cloud: Cloud) -> GoogleApi:
    api = GoogleApi(cloud)
    api.configure({"project": PROJECT, "region": REGION})
    return api


@pytest.fixture
def cluster(cloud: Cloud) -> KubernetesApi:
    api = KubernetesApi(cloud)
    api.configure({"kubeconfig": "one"})
    return api


@pytest.fixture
def engine(google: GoogleApi, cloud: Cloud) -> Engine:
    return Engine(StandIn(google, cloud, "10.2.0"))
