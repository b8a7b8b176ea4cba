"""Kyverno live: what it refuses and lets through, what holds while it is down, and what it reports of what is there already."""

from __future__ import annotations

import datetime
import json
import os
import re
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from components.kubernetes.governance import API_VERSION, POLICY
from components.kubernetes.inference_service import STOP
from components.kubernetes.kyverno import NAMESPACE as KYVERNO
from components.kubernetes.team_namespace import TEAM_LABEL
from policy.admission.manifests import validating_policies
from policy.environment import standards_for
from policy.rules import RULES
from policy.rules.network_isolation import OPEN
from policy.waivers import Waiver, exceptions
from sandbox.cluster.api_server import ApiError, ApiServer, Object
from sandbox.cluster.programs import program
from sandbox.paths import ROOT
from tests.cluster.conftest import Stage, eventually, no_new_pods
from tests.cluster.dev.trials import DRY_RUN, NAMESPACE, patched
from tests.cluster.examples_live import Case, Stand, make_stand, policy_in, refusals

#: Requests at once; those of one namespace come one after the other, since examples share their names.
THREADS = 6
#: What is wrong at first is asked about again.
ROUNDS, ROUND_SECONDS = 3, 2.0
#: Namespaces that must work whatever becomes of Kyverno, one of each sort.
SYSTEM = ("kube-system", "knative-serving")
SELECTOR = "app.kubernetes.io/component=admission-controller"
DOWN = 'failed calling webhook "vpol.validate.kyverno.svc-fail-finegrained-'
#: Longest until Kyverno has looked at every object of the cluster again, with each policy, in the time that others leave it.
REPORT_SECONDS = 400.0
#: Where a real API server says no by itself to a label that a rule denies too: such an object never comes to Kyverno.
BEFORE_ANY_POLICY = "metadata.labels: Invalid value"


@pytest.fixture
def stand(dev: Stage) -> Iterator[Stand]:
    """The examples' policies and all that stands beside the examples."""
    made = make_stand()
    made.install(dev.api)
    try:
        eventually(lambda: made.is_in_force(dev.api), "Kyverno judges by the examples' policies")
        yield made
    finally:
        made.remove(dev.api)


def verdict(api: ApiServer, case: Case) -> str | None:
    """How the live answer is another than the example says; None when it is the same."""
    said = refusals(api, case)
    if case.words is not None and any(BEFORE_ANY_POLICY in one for one in said):
        return None
    shown = " | ".join(said) or "let through"
    if case.words is None:
        return f"{case.rule.id}: {case.example.shows}: {shown}" if said else None
    last = said[-1] if said else ""
    if case.words in last and policy_in(last) is not None:
        return None
    return f"{case.rule.id}: {case.example.shows}: nobody says '{case.words}': {shown}"


def test_every_example_of_every_rule_is_admitted_or_denied_in_its_own_words(dev: Stage, stand: Stand) -> None:
    places: dict[str, list[Case]] = defaultdict(list)
    for case in stand.cases:
        places[case.namespace].append(case)

    def judged(cases: list[Case]) -> list[tuple[Case, str]]:
        return [(case, said) for case in cases if (said := verdict(dev.api, case))]

    # the longest first
    with ThreadPoolExecutor(THREADS) as threads:
        wrong = [one for found in threads.map(judged, sorted(places.values(), key=len, reverse=True)) for one in found]
    # Kyverno answers before it has compiled a policy that it was just given, and lets everything pass till then
    for _ in range(ROUNDS):
        if wrong:
            time.sleep(ROUND_SECONDS)
            wrong = [(case, said) for case, _ in wrong if (said := verdict(dev.api, case))]
    assert [said for _, said in wrong] == []
    assert {case.example.denied is None for case in stand.cases} == {True, False}


@pytest.fixture
def kyverno_down(dev: Stage) -> Iterator[None]:
    """Kyverno's admission controller is gone, and has no room to come back.

    Its Deployment keeps its replicas: with none, Kyverno takes its webhooks back as it goes, and nothing is judged at all.
    """
    with no_new_pods(dev.api, KYVERNO):
        for pod in controllers(dev.api):
            dev.api.delete(pod, grace=0)
        eventually(lambda: not controllers(dev.api) and not endpoints(dev.api), "Kyverno is gone")
        yield
    eventually(lambda: endpoints(dev.api), "Kyverno is back")


def controllers(api: ApiServer) -> list[Object]:
    return api.list("v1", "Pod", KYVERNO, labels=SELECTOR)


def endpoints(api: ApiServer) -> list[str]:
    """Addresses at which Kyverno answers the API server."""
    slices = api.list("discovery.k8s.io/v1", "EndpointSlice", KYVERNO, labels="kubernetes.io/service-name=kyverno-svc")
    found = [one for made in slices for one in made.get("endpoints") or []]
    return [one["addresses"][0] for one in found if one["conditions"].get("ready")]


def harmless_pod(namespace: str) -> Object:
    """A pod that every level of Pod Security admits, and that nobody starts."""
    context = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "while-kyverno-is-down", "namespace": namespace},
        "spec": {
            "schedulerName": "nobody",
            "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{"name": "a", "image": "docker.io/library/busybox:1", "securityContext": context}],
        },
    }


def config_map(namespace: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "while-kyverno-is-down", "namespace": namespace},
    }


def namespace_of(labels: dict[str, str]) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "while-kyverno-is-down", "labels": labels}}


def tried(api: ApiServer, made: Object) -> str | None:
    """What is said against an object; None when it was created (it is deleted again)."""
    try:
        api.create(made)
    except ApiError as error:
        return str(error)
    api.delete(made, grace=0)
    return None


STOPPED = {"metadata": {"annotations": {STOP: "true"}}}
RELABELLED = {"metadata": {"labels": {"note": "x"}}}


def test_while_kyverno_is_down_the_system_works_and_teams_get_nothing_new(dev: Stage, kyverno_down: None) -> None:
    for namespace in (*SYSTEM, KYVERNO):
        assert tried(dev.api, config_map(namespace)) is None
        # its own is full for as long as this lasts
        assert namespace == KYVERNO or tried(dev.api, harmless_pod(namespace)) is None
    said = tried(dev.api, harmless_pod(NAMESPACE))
    assert said is not None
    assert DOWN in said
    assert 'no endpoints available for service "kyverno-svc"' in said
    said = tried(dev.api, namespace_of({TEAM_LABEL: "payments"}))
    assert said is not None
    assert DOWN in said
    assert tried(dev.api, namespace_of({})) is None
    # what no policy is about
    assert tried(dev.api, config_map(NAMESPACE)) is None
    # a model cannot be changed, but it can be stopped, and everything can be deleted
    said = patched(dev.api, RELABELLED)
    assert said is not None
    assert DOWN in said
    assert patched(dev.api, STOPPED) is None
    (pod, *_) = dev.api.list("v1", "Pod", NAMESPACE)
    dev.api.request("DELETE", dev.api.path_of(pod), DRY_RUN)


def words_of(validation: Mapping[str, Any]) -> str:
    """What a refusal says in any case: the message, or the first words of one that is made for the object."""
    found = re.search("['\"]([^'\"]+)['\"]", validation.get("messageExpression", ""))
    return found.group(1) if found else validation["message"]


def test_when_it_is_back_it_judges_as_before(dev: Stage) -> None:
    """By the stack's own policies, whose names and words come from the rules."""
    standards, wrong, _ = standards_for("dev", dev.sandbox.project)
    assert wrong == []
    policies = {one["metadata"]["name"]: one for one in validating_policies(RULES, standards.context, {})}
    live = {one["metadata"]["name"]: one["spec"] for one in dev.api.list(API_VERSION, POLICY)}
    assert policies.keys() <= live.keys()
    for name, policy in policies.items():
        assert live[name]["validationActions"] == policy["spec"]["validationActions"]
    said = eventually(lambda: tried(dev.api, harmless_pod(NAMESPACE)) or "", "a pod that breaks rules is refused")
    name = policy_in(said)
    assert name in policies, said
    assert any(words_of(one) in said for one in policies[name]["spec"]["validations"]), said
    assert patched(dev.api, RELABELLED) is None
    assert tried(dev.api, harmless_pod("kube-system")) is None


#: Violators that get by while somebody is let pass, by the policy that would have refused each.
OPEN_POLICY = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "violator", "namespace": NAMESPACE},
    "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{}]},
}
CLAIM = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "violator", "namespace": NAMESPACE},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}
VIOLATORS = {"pod-hardening-network-policies": OPEN_POLICY, "required-labels-storage": CLAIM}


def reported(api: ApiServer, violator: Object) -> dict[str, str]:
    """What the reports say of an object, by policy, of what fails."""
    for report in api.list("wgpolicyk8s.io/v1alpha2", "PolicyReport", violator["metadata"]["namespace"]):
        scope = report.get("scope") or {}
        if (scope.get("kind"), scope.get("name")) == (violator["kind"], violator["metadata"]["name"]):
            return {one["policy"]: one["message"] for one in report.get("results") or [] if one["result"] == "fail"}
    return {}


def said_of(api: ApiServer, violator: Object, policy: str) -> str:
    """What one policy's report says against an object; empty while there is none."""
    return reported(api, violator).get(policy, "")


def audited(dev: Stage, folder: Path) -> tuple[int, list[dict[str, Any]]]:
    """(exit code, findings) of the product's own audit of the cluster."""
    (folder / "kubectl").symlink_to(program("kubectl"))
    line = [sys.executable, "-m", "policy", "audit", "--env", "dev", "--kubeconfig", str(dev.layout.kubeconfig)]
    env = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        [*line, "--format", "json"], cwd=dev.sandbox.project, env=env, capture_output=True, text=True, timeout=120
    )
    assert done.stdout.startswith("{"), done.stderr
    return done.returncode, json.loads(done.stdout)["findings"]


def waived() -> list[Object]:
    """Waivers of the violators, until today, as the stack would make them."""
    standards, _, _ = standards_for("dev", ROOT)
    today = datetime.datetime.now(datetime.UTC).date()
    rules = ("pod-hardening", "required-labels")
    made = [Waiver(rule, f"{NAMESPACE}/violator", "a test", "somebody", today, "here:1") for rule in rules]
    found = exceptions(made, RULES, standards.context, {})
    return [{**one, "metadata": {**one["metadata"], "namespace": KYVERNO}} for one in found]


def test_what_was_there_before_is_reported_by_kyverno_and_by_the_audit(dev: Stage, tmp_path: Path) -> None:
    """It was let in by a waiver that is gone; nobody touches it afterwards, but its policies are written anew."""
    for name, violator in VIOLATORS.items():
        # it is back since the tests before, perhaps for a moment only
        said = eventually(lambda made=violator: tried(dev.api, made) or "", f"{name} refuses it")
        assert policy_in(said) == name
    try:
        for waiver in waived():
            dev.api.create(waiver)
        for violator in VIOLATORS.values():
            eventually(lambda made=violator: is_let_in(dev.api, made), "a waiver lets it in")
        for waiver in waived():
            dev.api.delete(waiver)
        for name in VIOLATORS:
            # Kyverno looks again when a policy has changed, or after an hour
            note = {"metadata": {"annotations": {"written": "anew"}}}
            dev.api.patch(dev.one(API_VERSION, POLICY, name), note)
        found = {
            name: eventually(
                lambda made=violator, of=name: said_of(dev.api, made, of), f"{name} reports it", REPORT_SECONDS
            )
            for name, violator in VIOLATORS.items()
        }
        assert OPEN in found["pod-hardening-network-policies"]
        assert "lack" in found["required-labels-storage"]
        code, findings = audited(dev, tmp_path)
        assert code == 1
        assert {one["rule"] for one in findings if "violator" in one["resource"]} == {
            "pod-hardening",
            "required-labels",
        }
    finally:
        for name, violator in VIOLATORS.items():
            dev.api.delete(violator)
            dev.api.patch(dev.one(API_VERSION, POLICY, name), {"metadata": {"annotations": {"written": None}}})
        for waiver in waived():
            dev.api.delete(waiver)
    eventually(
        lambda: not any(reported(dev.api, one) for one in VIOLATORS.values()),
        "they are reported no more",
        REPORT_SECONDS,
    )


def is_let_in(api: ApiServer, made: Object) -> bool:
    """True once the object could be created."""
    try:
        api.create(made)
    except ApiError:
        return False
    return True
