"""The authorization service as it is declared: who reaches it, what it may read, and the data that it decides by.

What it decides is shown in tests/tools/test_authorization.py, by the program itself.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.kubernetes.authorization_policy import (
    CONFIGURATION_FILE,
    DATA_FILE,
    JwtAuthentication,
    ProtectedHost,
    make_data,
    make_files,
)
from components.kubernetes.authorization_service import (
    HOST,
    IMAGE,
    NAMESPACE,
    ApiKeyAuthentication,
    AuthorizationService,
    AuthorizationServiceArgs,
)
from components.kubernetes.chart_release import Mirror
from tests.unit.components.registering import Program, register_objects

JWT = JwtAuthentication(
    issuer="https://login.example.com", audiences=["gemma"], jwks_uri="https://login.example.com/jwks"
)
MODELS = ProtectedHost(
    hosts=["assistant-predictor-team-a.models.example.com"], callers=["A@example.com"], key_teams=["a"]
)
LABELS = {"app.kubernetes.io/owner": "ml-platform", "team": "platform"}
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
NETWORK = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
PROVIDER = "kubernetes:secrets-store.csi.x-k8s.io/v1:SecretProviderClass"
READER = "gcp:secretmanager/secretIamMember:SecretIamMember"
ACCOUNT = "kubernetes:core/v1:ServiceAccount"
BUDGET = "kubernetes:policy/v1:PodDisruptionBudget"


def arguments(**changes: Any) -> AuthorizationServiceArgs:
    args: dict[str, Any] = {
        "project": "p",
        "project_number": "123",
        "high_availability": True,
        "hosts": [MODELS],
        "jwt": JWT,
        "api_keys": ApiKeyAuthentication(secret_id="gemma-api-keys"),  # noqa: S106 - the name of one
        "labels": LABELS,
    }
    return AuthorizationServiceArgs(**{name: value for name, value in {**args, **changes}.items() if value is not None})


def made(preview: bool = False, **changes: Any) -> Program:
    return register_objects(lambda: AuthorizationService("authorization", arguments(**changes)), preview)


def pod(program: Program) -> dict[str, Any]:
    return program.one(DEPLOYMENT).inputs["spec"]["template"]["spec"]


def test_every_object_has_the_labels_and_all_but_the_grant_are_in_its_own_namespace() -> None:
    program = made()
    objects = [one for one in program.children if one.type.startswith("kubernetes:")]
    for one in objects:
        assert LABELS.items() <= one.inputs["metadata"]["labels"].items(), one.name
    assert {one.inputs["metadata"].get("namespace", one.inputs["metadata"]["name"]) for one in objects} == {NAMESPACE}
    template = program.one(DEPLOYMENT).inputs["spec"]["template"]
    assert LABELS.items() <= template["metadata"]["labels"].items()
    assert program.outputs == {"host": HOST}


def test_only_kouriers_gateway_reaches_it_and_it_reaches_names_and_the_identity_provider() -> None:
    spec = made().one(NETWORK).inputs["spec"]
    assert (spec["podSelector"], spec["policyTypes"]) == ({}, ["Ingress", "Egress"])
    gateway = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "knative-serving"}},
        "podSelector": {"matchLabels": {"app": "3scale-kourier-gateway"}},
    }
    assert spec["ingress"] == [{"from": [gateway], "ports": [{"protocol": "TCP", "port": 9191}]}]
    assert [[port["port"] for port in rule["ports"]] for rule in spec["egress"]] == [[53, 53], [443]]
    # the metadata server hands out the node's identity
    assert spec["egress"][1]["to"] == [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.0.0/16"]}}]
    # keys are mounted by the node, so that nothing has to be asked for
    assert made(jwt=None).one(NETWORK).inputs["spec"]["egress"] == []


def test_keys_are_mounted_from_the_secret_which_this_account_may_read() -> None:
    program = made()
    grant, provider = program.one(READER).inputs, program.one(PROVIDER).inputs
    assert (grant["secretId"], grant["role"]) == ("gemma-api-keys", "roles/secretmanager.secretAccessor")
    assert grant["member"].endswith(f"p.svc.id.goog/subject/ns/{NAMESPACE}/sa/authorization")
    assert program.one(ACCOUNT).inputs["metadata"]["name"] == pod(program)["serviceAccountName"] == "authorization"
    assert provider["spec"]["provider"] == "gke"
    assert json.loads(provider["spec"]["parameters"]["secrets"]) == [
        {"resourceName": "projects/p/secrets/gemma-api-keys/versions/latest", "path": "api_keys.json"}
    ]
    (keys,) = [volume["csi"] for volume in pod(program)["volumes"] if "csi" in volume]
    assert keys == {
        "driver": "secrets-store-gke.csi.k8s.io",
        "readOnly": True,
        "volumeAttributes": {"secretProviderClass": provider["metadata"]["name"]},
    }
    # nothing starts before it may read
    needed = " ".join(program.one(DEPLOYMENT).dependencies)
    assert "authorization-reads-keys" in needed


def test_without_keys_no_secret_is_read() -> None:
    program = made(api_keys=None)
    assert not [one for one in program.children if one.type in (READER, PROVIDER)]
    (container,) = pod(program)["containers"]
    assert [volume["name"] for volume in pod(program)["volumes"]] == ["policy"]
    assert not [argument for argument in container["args"] if "keys" in argument]


def test_opas_own_api_is_on_the_loopback_and_nothing_that_it_judges_is_logged() -> None:
    (container,) = pod(made())["containers"]
    assert "--addr=127.0.0.1:8181" in container["args"]
    assert "--log-level=error" in container["args"]
    assert "--skip-version-check" in container["args"]  # it would ask GitHub
    assert {port["containerPort"] for port in container["ports"]} == {9191, 8282}
    configuration = json.loads(made().one("kubernetes:core/v1:ConfigMap").inputs["data"][CONFIGURATION_FILE])
    assert "decision_logs" not in configuration
    assert configuration["plugins"] == {
        "envoy_ext_authz_grpc": {
            "addr": ":9191",
            "path": "gemma/authorization/response",
            "skip-request-body-parse": True,
        }
    }


def test_the_pod_is_restricted_and_sized() -> None:
    spec = pod(made())
    (container,) = spec["containers"]
    assert (spec["securityContext"]["runAsNonRoot"], spec["automountServiceAccountToken"]) == (True, False)
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"].keys() == {"requests", "limits"}
    assert container["readinessProbe"]["httpGet"]["path"] == "/health?plugins"  # the plug-in listens
    assert spec["terminationGracePeriodSeconds"] > 15  # what OPA takes to end


def test_with_high_availability_there_are_two_and_one_may_go() -> None:
    program = made()
    assert program.one(DEPLOYMENT).inputs["spec"]["replicas"] == 2
    assert program.one(BUDGET).inputs["spec"]["maxUnavailable"] == 1
    alone = made(high_availability=False)
    assert alone.one(DEPLOYMENT).inputs["spec"]["replicas"] == 1
    assert not [one for one in alone.children if one.type == BUDGET]
    # an update never takes the last one away, even then
    assert alone.one(DEPLOYMENT).inputs["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_pods_start_anew_when_what_they_decide_by_changes_and_only_then() -> None:
    def annotations(**changes: Any) -> dict[str, str]:
        return made(**changes).one(DEPLOYMENT).inputs["spec"]["template"]["metadata"]["annotations"]

    assert annotations() == annotations()
    assert annotations() != annotations(hosts=[{**MODELS, "key_teams": ["b"]}])
    assert annotations() != annotations(jwt={**JWT, "audiences": ["other"]})


def test_the_image_comes_from_the_mirror_with_the_digest_that_it_names() -> None:
    (container,) = pod(made())["containers"]
    assert container["image"] == IMAGE
    digest = f"sha256:{'1' * 64}"
    mirror = Mirror(images={"docker.io": "host/p/hub"}, digests={"docker.io/openpolicyagent/opa": digest})
    (container,) = pod(made(mirror=mirror))["containers"]
    assert container["image"] == f"host/p/hub/{IMAGE.removeprefix('docker.io/')}@{digest}"


def test_a_preview_registers_the_same() -> None:
    first, second = (sorted((one.type, one.name) for one in made(preview).resources) for preview in (True, False))
    assert first == second


def test_callers_are_kept_in_lower_case_and_a_cluster_host_with_its_shorter_names() -> None:
    inside = {**MODELS, "hosts": ["assistant-predictor.team-a.svc.cluster.local"]}
    data = make_data([ProtectedHost(**MODELS), ProtectedHost(**inside)], None)["authorization"]
    allowed = {"callers": ["a@example.com"], "teams": ["a"]}
    assert data == {
        "hosts": dict.fromkeys(
            (
                "assistant-predictor-team-a.models.example.com",
                "assistant-predictor.team-a.svc.cluster.local",
                "assistant-predictor.team-a.svc",
                "assistant-predictor.team-a",
            ),
            allowed,
        )
    }
    assert json.loads(make_files([MODELS], JWT)[DATA_FILE])["authorization"]["jwt"] == JWT


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"jwt": None, "api_keys": None}, "jwt and api_keys are both missing: nobody could be let in"),
        ({"hosts": [MODELS, MODELS]}, "host 'assistant-predictor-team-a.models.example.com' is protected twice"),
        ({"hosts": [{**MODELS, "hosts": ["a.example.com:443"]}]}, "'a.example.com:443' is no host name"),
        (
            {"hosts": [{**MODELS, "hosts": ["A.example.com"]}]},
            "'A.example.com' is no host name; write it in lower case",
        ),
        ({"hosts": [{**MODELS, "hosts": ["*.example.com"]}]}, "is no host name"),
        (
            {"jwt": {**JWT, "issuer": "http://login.example.com"}},
            "jwt.issuer is 'http://login.example.com'; .* https://",
        ),
        ({"jwt": {**JWT, "jwks_uri": "login.example.com"}}, "jwt.jwks_uri is 'login.example.com'"),
        ({"jwt": {**JWT, "audiences": []}}, "a token for any other service would be taken"),
        ({"jwt": {**JWT, "audiences": [""]}}, "names an empty one"),
        ({"mirror": {"images": {"quay.io": "host/p/q"}}}, "comes from docker.io, which has no mirror"),
    ],
)
def test_what_lets_in_nobody_or_too_many_is_refused_before_anything_is_registered(
    change: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        AuthorizationService("authorization", arguments(**change))
