"""What stands in for Kourier's controller: the status that it gives an Ingress of Knative."""

from __future__ import annotations

import datetime
from typing import Any

from sandbox.cluster.ingresses import KOURIER, is_kouriers, make_status, missing_services

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def ingress(**annotations: str) -> dict[str, Any]:
    splits = [{"serviceNamespace": "team", "serviceName": name} for name in ("one", "two")]
    return {
        "metadata": {"generation": 3, "annotations": annotations},
        "spec": {"rules": [{"http": {"paths": [{"splits": splits}]}}, {"http": {"paths": [{"splits": splits[:1]}]}}]},
    }


def statuses(status: dict[str, Any]) -> dict[str, str]:
    return {one["type"]: one["status"] for one in status["conditions"]}


def test_only_ingresses_of_kouriers_class_are_its_own() -> None:
    assert is_kouriers(ingress(**{"networking.knative.dev/ingress.class": KOURIER}))
    assert is_kouriers(ingress(**{"networking.knative.dev/ingress-class": KOURIER}))
    assert not is_kouriers(ingress(**{"networking.knative.dev/ingress.class": "istio"}))
    assert not is_kouriers(ingress())


def test_a_complete_ingress_is_ready_at_kouriers_services() -> None:
    status = make_status(ingress(), [], "knative-serving", NOW)
    assert set(statuses(status).values()) == {"True"}
    assert set(statuses(status)) == {"LoadBalancerReady", "NetworkConfigured", "Ready"}
    assert status["observedGeneration"] == 3
    private = status["privateLoadBalancer"]["ingress"][0]["domainInternal"]
    assert private == "kourier-internal.knative-serving.svc.cluster.local"


def test_an_ingress_that_leads_to_no_service_waits_and_says_for_which() -> None:
    missing = missing_services(ingress(), lambda namespace, name: name == "one")
    assert missing == ["team/two"]
    status = make_status(ingress(), missing, "knative-serving", NOW)
    assert statuses(status) == {"LoadBalancerReady": "True", "NetworkConfigured": "Unknown", "Ready": "Unknown"}
    assert "team/two" in status["conditions"][-1]["message"]


def test_without_kourier_nothing_is_ready() -> None:
    status = make_status(ingress(), [], None, NOW)
    assert statuses(status)["Ready"] == "Unknown"
    assert "kourier-internal" in status["conditions"][-1]["message"]
    assert "privateLoadBalancer" not in status


def test_a_status_that_holds_is_not_written_again() -> None:
    first = make_status(ingress(), [], "knative-serving", NOW)
    later = NOW + datetime.timedelta(hours=1)
    assert make_status({**ingress(), "status": first}, [], "knative-serving", later) == first
