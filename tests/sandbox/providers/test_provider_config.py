"""When a changed configuration makes another provider of it: when it reaches another cluster, as the real one judges."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2
from pulumi.runtime.rpc import UNKNOWN, _special_secret_sig, _special_sig_key

from components.google.kubeconfig import make_kubeconfig
from sandbox.providers.cloud import Cloud
from sandbox.providers.gcp.google_api import GoogleApi
from sandbox.providers.kubernetes.kubernetes_api import KubernetesApi
from sandbox.providers.servicer import StandIn, to_struct

ONE, OTHER = (make_kubeconfig("models", f"gke-{key}-1.us-central1.gke.goog") for key in ("a", "b"))
RENAMED = make_kubeconfig("others", "gke-a-1.us-central1.gke.goog")


def secret(value: str) -> dict[str, str]:
    return {_special_sig_key: _special_secret_sig, "value": value}


def compared(api: Any, cloud: Cloud, old: dict[str, Any], new: dict[str, Any]) -> tuple[str, list[str], list[str]]:
    """(whether it changed, what changed, what makes it another one)."""
    request = provider_pb2.DiffRequest(old_inputs=to_struct(old), news=to_struct(new))
    answer = StandIn(api, cloud, "4.0.0").DiffConfig(request, None)  # type: ignore[arg-type]
    return provider_pb2.DiffResponse.DiffChanges.Name(answer.changes), list(answer.diffs), list(answer.replaces)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"kubeconfig": ONE}, {"kubeconfig": ONE}, ("DIFF_NONE", [], [])),
        ({"kubeconfig": ONE}, {"kubeconfig": OTHER}, ("DIFF_SOME", ["kubeconfig"], ["kubeconfig"])),
        ({"kubeconfig": secret(ONE)}, {"kubeconfig": secret(OTHER)}, ("DIFF_SOME", ["kubeconfig"], ["kubeconfig"])),
        ({"kubeconfig": secret(ONE)}, {"kubeconfig": ONE}, ("DIFF_NONE", [], [])),
        ({"kubeconfig": ONE}, {"kubeconfig": UNKNOWN}, ("DIFF_SOME", ["kubeconfig"], ["kubeconfig"])),
        ({"kubeconfig": secret(ONE)}, {"kubeconfig": secret(UNKNOWN)}, ("DIFF_SOME", ["kubeconfig"], ["kubeconfig"])),
        # the same server under another name is the same cluster
        ({"kubeconfig": ONE}, {"kubeconfig": RENAMED}, ("DIFF_SOME", ["kubeconfig"], [])),
        (
            {"kubeconfig": ONE, "enableConfigMapMutable": "true"},
            {"kubeconfig": ONE},
            ("DIFF_SOME", ["enableConfigMapMutable"], []),
        ),
    ],
)
def test_a_provider_of_kubernetes_is_another_one_when_it_reaches_another_cluster(
    cluster: KubernetesApi, cloud: Cloud, old: dict[str, Any], new: dict[str, Any], expected: Any
) -> None:
    assert compared(cluster, cloud, old, new) == expected


def test_a_provider_of_google_cloud_stays_whatever_changes(google: GoogleApi, cloud: Cloud) -> None:
    changed = ({"project": "a", "region": "b"}, {"project": "c", "region": "b"})
    assert compared(google, cloud, *changed) == ("DIFF_SOME", ["project"], [])
