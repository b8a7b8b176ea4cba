"""Who may do what in a team's namespace, and what may run there: Pod Security, RBAC and the guard of those on call, live.

Platform engineers hold `roles/container.admin`, which GKE's own authorizer knows; here their place is taken by `system:masters`.
Nothing changes by these requests: all that could change something are dry runs, after the same authorization and admission.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from components.kubernetes.inference_service import STOP
from components.kubernetes.on_call_guard import POLICY_NAME, make_policy
from components.kubernetes.team_namespace import BASELINE, RESTRICTED, STANDARD_VERSION, TEAM_LABEL
from components.kubernetes.team_roles import grants
from sandbox.cluster.api_server import MERGE, ApiError, ApiServer, Object
from tests.cluster.conftest import Stage, eventually
from tests.cluster.dev.conftest import ON_CALL
from tests.cluster.dev.trials import DRY_RUN, NAMESPACE, patched

MEMBERS, OTHERS = "payments-ml@example.com", "support-tools@example.com"
MASTERS = "system:masters"

#: Columns of the table, and the group that each is asked as.
WHO = {"member": MEMBERS, "on-call": ON_CALL, "engineer": MASTERS, "other": OTHERS, "stranger": None}
#: In the team's namespace; kinds of the whole cluster are marked by a star.
TABLE = """
verb    kind                                                       member on-call engineer other stranger
list    v1 Pod                                                     yes    yes     yes      no    no
get     v1 Pod                                                     yes    yes     yes      no    no
get     v1 Pod/log                                                 yes    no      yes      no    no
create  v1 Pod                                                     no     no      yes      no    no
create  v1 Pod/exec                                                no     no      yes      no    no
create  v1 Pod/portforward                                         no     no      yes      no    no
create  v1 Pod/eviction                                            no     no      yes      no    no
patch   v1 Pod                                                     no     no      yes      no    no
delete  v1 Pod                                                     no     yes     yes      no    no
list    serving.kserve.io/v1beta1 InferenceService                 yes    yes     yes      no    no
create  serving.kserve.io/v1beta1 InferenceService                 no     no      yes      no    no
update  serving.kserve.io/v1beta1 InferenceService                 no     no      yes      no    no
patch   serving.kserve.io/v1beta1 InferenceService                 no     yes     yes      no    no
delete  serving.kserve.io/v1beta1 InferenceService                 no     no      yes      no    no
list    serving.knative.dev/v1 Service                             yes    no      yes      no    no
patch   serving.knative.dev/v1 Service                             no     no      yes      no    no
list    keda.sh/v1alpha1 ScaledObject                              yes    no      yes      no    no
list    monitoring.googleapis.com/v1 PodMonitoring                 yes    no      yes      no    no
list    v1 Secret                                                  no     no      yes      no    no
list    v1 ConfigMap                                               yes    no      yes      no    no
patch   v1 ConfigMap                                               no     no      yes      no    no
list    v1 ResourceQuota                                           yes    no      yes      no    no
patch   v1 ResourceQuota                                           no     no      yes      no    no
create  v1 ServiceAccount/token                                    no     no      yes      no    no
delete  networking.k8s.io/v1 NetworkPolicy                         no     no      yes      no    no
create  rbac.authorization.k8s.io/v1 RoleBinding                   no     no      yes      no    no
delete  v1 Namespace *                                             no     no      yes      no    no
list    v1 Node *                                                  no     no      yes      no    no
list    policies.kyverno.io/v1 ValidatingPolicy *                  no     no      yes      no    no
delete  policies.kyverno.io/v1 ValidatingPolicy *                  no     no      yes      no    no
delete  admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy * no    no      yes      no    no
"""
METHODS = {"list": "GET", "get": "GET", "create": "POST", "patch": "PATCH", "update": "PUT", "delete": "DELETE"}


def user_of(who: str) -> str:
    return f"{who}@example.com"


def acting(dev: Stage, who: str) -> ApiServer:
    return dev.api.acting_as(user_of(who), WHO[who])


def refused(asking: ApiServer, dev: Stage, row: str) -> str | None:
    """The authorizer's refusal of what a row of the table asks for; None where it lets it pass, whatever comes after it."""
    verb, api_version, named, *cluster = row.split()
    kind_name, _, subresource = named.partition("/")
    kind = dev.api.kind(api_version, kind_name)
    namespace = None if cluster else NAMESPACE
    if subresource:
        group = api_version.rpartition("/")[0]
        attributes = {"namespace": namespace, "verb": verb, "group": group, "resource": kind.plural}
        attributes["subresource"] = subresource
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
        review |= {"metadata": {}, "spec": {"resourceAttributes": attributes}}
        status = asking.request("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body=review)["status"]
        return None if status["allowed"] else f'cannot {verb} resource "{kind.plural}"'
    # nothing is called like this; a dry run of an existing one would be judged by all that comes after
    name = None if verb in ("list", "create") else "nothing-is-called-this"
    body = {"apiVersion": api_version, "kind": kind_name, "metadata": {"name": "nothing-is-called-this"}}
    try:
        asking.request(
            METHODS[verb],
            kind.path(namespace, name),
            {} if METHODS[verb] == "GET" else DRY_RUN,
            None if METHODS[verb] in ("GET", "DELETE") else body,
            MERGE if verb == "patch" else "application/json",
        )
    except ApiError as error:
        # admission has its own words for what it forbids
        return str(error) if error.status == 403 and " cannot " in str(error) else None
    return None


def rows() -> Iterator[tuple[str, dict[str, bool]]]:
    """(what is asked for, who may) of each row of the table."""
    heading, *lines = TABLE.strip().splitlines()
    columns = heading.split()[-len(WHO) :]
    assert columns == list(WHO)
    for line in lines:
        words = line.split()
        yield (
            " ".join(words[: -len(columns)]),
            {who: word == "yes" for who, word in zip(columns, words[-len(columns) :], strict=True)},
        )


def test_everybody_may_do_what_the_table_says_and_nothing_else(dev: Stage) -> None:
    checked, wrong = 0, []
    for row, may in rows():
        verb, api_version, named, *_ = row.split()
        plural = dev.api.kind(api_version, named.partition("/")[0]).plural
        for who, expected in may.items():
            said = refused(acting(dev, who), dev, row)
            checked += 1
            if expected != (said is None):
                wrong.append(f"{who} {row}: {said or 'may'}")
            elif said is not None and f'cannot {verb} resource "{plural}"' not in said:
                wrong.append(f"{who} {row}: in other words: {said}")
    assert wrong == []
    assert checked >= 40


def test_a_teams_rights_end_at_its_namespace(dev: Stage) -> None:
    """Other teams' namespaces, those of the platform, and all namespaces at once."""
    asking = acting(dev, "member")
    pods = dev.api.kind("v1", "Pod")
    for namespace in ("team-support", "kube-system", "kyverno", "knative-serving", None):
        with pytest.raises(ApiError, match='cannot list resource "pods"'):
            asking.request("GET", pods.path(namespace))
    assert asking.request("GET", pods.path(NAMESPACE))["items"]


def test_the_bindings_are_those_of_the_product_and_say_who_guards_them(dev: Stage) -> None:
    made = {
        one["metadata"]["name"]: one for one in dev.api.list("rbac.authorization.k8s.io/v1", "RoleBinding", NAMESPACE)
    }
    for grant in grants(MEMBERS, ON_CALL):
        binding = made[grant.name]
        assert binding["roleRef"] == grant.role_ref
        assert [(one["kind"], one["name"]) for one in binding["subjects"]] == [("Group", grant.group)]
        guard = binding["metadata"].get("annotations", {}).get("gemma-platform/guarded-by")
        assert guard == (POLICY_NAME if grant.guarded else None)


#: Merge patches of a model by what they do.
PAUSES: dict[str, Any] = {
    "stop": {"metadata": {"annotations": {STOP: "true"}}},
    "start": {"metadata": {"annotations": {STOP: None}}},
    "start by false": {"metadata": {"annotations": {STOP: "false"}}},
    "nothing": {},
}
CHANGES: dict[str, Any] = {
    "another value": {"metadata": {"annotations": {STOP: "yes"}}},
    "another annotation": {"metadata": {"annotations": {"note": "x"}}},
    "no annotations": {"metadata": {"annotations": None}},
    "another label": {"metadata": {"labels": {"note": "x"}}},
    "replicas": {"spec": {"predictor": {"maxReplicas": 7}}},
    "stop and replicas": {"metadata": {"annotations": {STOP: "true"}}, "spec": {"predictor": {"maxReplicas": 7}}},
    "finalizers": {"metadata": {"finalizers": ["example.com/held"]}},
    "owners": {"metadata": {"ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "1"}]}},
}


def test_those_on_call_stop_and_start_a_model_and_change_nothing_else(dev: Stage) -> None:
    asking = acting(dev, "on-call")
    assert {name: said for name, change in PAUSES.items() if (said := patched(asking, change)) is not None} == {}
    message = make_policy()["validations"][0]["message"]
    for name, change in CHANGES.items():
        said = patched(asking, change)
        assert said is not None, name
        assert f"ValidatingAdmissionPolicy '{POLICY_NAME}'" in said, (name, said)
        assert message in said, (name, said)


def test_the_guard_leaves_alone_whoever_may_update(dev: Stage) -> None:
    asking = acting(dev, "engineer")
    said = {name: patched(asking, change) or "" for name, change in {**PAUSES, **CHANGES}.items()}
    assert [name for name, words in said.items() if POLICY_NAME in words] == []
    # these nobody else minds either
    assert [said[name] for name in (*PAUSES, "another annotation")] == [""] * (len(PAUSES) + 1)


def privileged_pod() -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "privileged", "namespace": NAMESPACE},
        "spec": {
            "containers": [{"name": "a", "image": "busybox", "securityContext": {"privileged": True}}],
            "volumes": [{"name": "node", "hostPath": {"path": "/"}}],
        },
    }


def create_dry(asking: ApiServer, made: Object) -> Object:
    path = asking.kind(made["apiVersion"], made["kind"]).path(made["metadata"]["namespace"])
    return asking.request("POST", path, DRY_RUN, made)


def test_every_namespace_of_a_team_enforces_its_level_and_refuses_a_privileged_pod(dev: Stage) -> None:
    namespaces = dev.api.list("v1", "Namespace", labels=TEAM_LABEL)
    assert NAMESPACE in [one["metadata"]["name"] for one in namespaces]
    for namespace in namespaces:
        labels, name = namespace["metadata"]["labels"], namespace["metadata"]["name"]
        level = labels["pod-security.kubernetes.io/enforce"]
        assert level in (RESTRICTED, BASELINE)
        pod = privileged_pod()
        pod["metadata"]["namespace"] = name
        with pytest.raises(ApiError) as refusal:
            create_dry(dev.api, pod)
        assert refusal.value.status == 403
        said = str(refusal.value)
        assert f'violates PodSecurity "{level}:{STANDARD_VERSION}"' in said
        assert "hostPath" in said
        assert "privileged" in said


def test_the_namespaces_of_the_platform_refuse_it_too(dev: Stage) -> None:
    for name in ("kyverno", "knative-serving", "kserve", "cert-manager", "knative-operator"):
        pod = privileged_pod()
        pod["metadata"]["namespace"] = name
        with pytest.raises(ApiError, match='violates PodSecurity "restricted:latest"'):
            create_dry(dev.api, pod)


def test_the_engines_own_pods_pass_their_level(dev: Stage) -> None:
    """A copy of each pod that runs for a team, as its controller asked for it."""
    pods = eventually(lambda: dev.api.list("v1", "Pod", NAMESPACE), "the model has pods")
    for pod in pods:
        spec = copy.deepcopy(pod["spec"])
        spec.pop("nodeName", None)
        made = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "copy", "namespace": NAMESPACE, "labels": pod["metadata"]["labels"]},
            "spec": spec,
        }
        assert create_dry(dev.api, made)["spec"]["containers"][0]["name"] == spec["containers"][0]["name"]
        # the same with one step too far
        spec["hostNetwork"] = True
        with pytest.raises(ApiError, match=r"violates PodSecurity .*host namespaces"):
            create_dry(dev.api, made)
