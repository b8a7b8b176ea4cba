"""Examples of the rule pod-hardening.

Denied pods comply with the level of their namespace, `baseline`, so that Pod Security lets them through; what `baseline` refuses
is shown by models, which Pod Security does not judge.
"""

from __future__ import annotations

from typing import Any

from components.kubernetes.engine_pod import INFERENCE_SERVICE_LABEL, bucket_volume
from components.kubernetes.team_namespace import BASELINE, namespace_labels
from components.kubernetes.team_network import make_policies
from policy.examples.engine_objects import (
    NAME,
    NAMESPACE_NAME,
    Change,
    Content,
    container,
    namespace,
    record,
    served,
    service,
)
from policy.rules.network_isolation import DEFAULT_DENY, NOT_DENYING, OPEN
from policy.rules.pod_hardening import LEVEL, NO_ROOT, WRONG_LEVEL
from policy.rules.pod_security import (
    CAPABILITIES,
    ESCALATION,
    HOST,
    HOST_PATH,
    NO_SECCOMP,
    NOT_KNOWN,
    PRIVILEGED,
    TOKEN,
)
from policy.rules.record import NO_RECORD, OTHER_RECORD
from policy.rules.rule import UNKNOWN, Example, Resource

POLICIES = make_policies([], None)
NO_NETWORK_POLICY = f"namespace has no NetworkPolicy '{DEFAULT_DENY}'"


def _network_policy(name: str, **changes: Any) -> Content:
    """A NetworkPolicy as the platform writes it, but for `changes` of its spec."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": NAMESPACE_NAME, "labels": service()["metadata"]["labels"]},
        "spec": {**POLICIES.get(name, {"podSelector": {}}), **changes},
    }


def _at_baseline(**labels: Any) -> Content:
    """The team's namespace at the level that stock images need."""
    content = namespace()
    content["metadata"]["labels"] = {**namespace_labels(service()["metadata"]["labels"], BASELINE), **labels}
    return content


DENIAL = _network_policy(DEFAULT_DENY)
BESIDE_POD = (_at_baseline(), DENIAL)
BESIDE_MODEL = (namespace(), record(), DENIAL)


def _model(shows: str, denied: str | None, *changes: Change, admission: bool = True) -> Example:
    return Example(shows, served(*changes), denied, admission=admission, beside=BESIDE_MODEL)


def _pod_spec(**changes: Any) -> Content:
    """What of a model's pod a controller other than Knative or KServe writes too."""
    predictor = service()["spec"]["predictor"]
    kept = ("automountServiceAccountToken", "securityContext", "volumes")
    engine = {
        key: container(service())[key]
        for key in ("name", "image", "command", "args", "securityContext", "volumeMounts")
    }
    return {**{key: predictor[key] for key in kept}, "containers": [engine], **changes}


def _pod(*changes: Change, engine: bool = True) -> Content:
    """A model's pod as the cluster sees it."""
    labels = {**service()["metadata"]["labels"], **({INFERENCE_SERVICE_LABEL: NAME} if engine else {})}
    content = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "ranker-0", "namespace": NAMESPACE_NAME, "labels": labels},
        "spec": _pod_spec(),
    }
    for change in changes:
        change(content)
    return content


def _of_pods(shows: str, content: Content, denied: str | None = None, *, admission: bool = True) -> Example:
    return Example(shows, Resource.of_object(content), denied, admission=admission, beside=BESIDE_POD)


#: What both containers say that others put beside an engine (sources: pod_security.py).
INJECTED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


def _with_queue_proxy(content: Content) -> None:
    ports = [{"name": "http-usermetric", "containerPort": 9091}, {"name": "queue-port", "containerPort": 8012}]
    proxy = {"name": "queue-proxy", "image": "queue", "ports": ports, "securityContext": INJECTED}
    content["spec"]["containers"].append(proxy)


def _with_bucket(content: Content) -> None:
    fuse = {"name": "gke-gcsfuse-sidecar", "image": "fuse", "restartPolicy": "Always"}
    content["spec"]["initContainers"] = [
        {**fuse, "securityContext": {**INJECTED, "runAsUser": 65534, "runAsGroup": 65534}}
    ]
    content["spec"]["volumes"] += [
        {"name": "adapters", "csi": bucket_volume("models", "adapters")},
        {"name": "gke-gcsfuse-tmp", "emptyDir": {}},
    ]


def _first(**changes: Any) -> Change:
    """Changes the securityContext of the first container, of a pod or of a model; None leaves a field out."""

    def change(content: Content) -> None:
        spec = content["spec"]
        context = spec.get("predictor", spec)["containers"][0]["securityContext"]
        context.update(changes)
        for key in [key for key, value in changes.items() if value is None]:
            del context[key]

    return change


def _of_spec(**changes: Any) -> Change:
    """Changes fields of a pod's or a model's pods' spec."""
    return lambda content: content["spec"].get("predictor", content["spec"]).update(changes)


def _with_second_container(content: Content) -> None:
    context = {"runAsUser": 65534, "capabilities": {"drop": ["ALL"]}}
    content["spec"]["initContainers"] = [{"name": "prepare", "image": "busybox", "securityContext": context}]


def _with_host_path(content: Content) -> None:
    content["spec"]["predictor"]["volumes"].append({"name": "docker", "hostPath": {"path": "/run/containerd"}})


def _with_token(content: Content) -> None:
    token = {"serviceAccountToken": {"path": "token", "audience": "elsewhere", "expirationSeconds": 3600}}
    content["spec"]["predictor"]["volumes"].append({"name": "token", "projected": {"sources": [token]}})


def _with_host_port(content: Content) -> None:
    container(content)["ports"] = [{"containerPort": 8080, "hostPort": 8080}]


def _deployment(content: Content) -> Content:
    labels = content["metadata"]["labels"]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "ranker-predictor", "namespace": NAMESPACE_NAME, "labels": labels},
        "spec": {
            "selector": {"matchLabels": {INFERENCE_SERVICE_LABEL: NAME}},
            "template": {"metadata": {"labels": labels}, "spec": content["spec"]},
        },
    }


def _namespace(shows: str, denied: str | None, admission: bool = True, **labels: Any) -> Example:
    content = _at_baseline(**{f"{LEVEL}{key.replace('_', '-')}": value for key, value in labels.items()})
    return Example(shows, Resource.of_object(content), denied, admission=admission, beside=(DENIAL,))


def _policy(shows: str, content: Content, denied: str | None = None, *, admission: bool = True) -> Example:
    beside = (namespace(),) if content["metadata"]["name"] == DEFAULT_DENY else (namespace(), DENIAL)
    return Example(shows, Resource.of_object(content), denied, admission=admission, beside=beside)


HALF_DENIAL = _network_policy(DEFAULT_DENY, policyTypes=["Ingress"])
FROM_CALLER = {"from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "web"}}}]}

#: The record of another deployment under this one's name.
OTHER = record(lambda content: content.update(deployment="search/reader"))
EXAMPLES: tuple[Example, ...] = (
    _model("a model as the platform declares it", None),
    _of_pods("its pod, with Knative's queue-proxy", _pod(_with_queue_proxy)),
    _of_pods("its pod, with GKE's container that serves a bucket", _pod(_with_queue_proxy, _with_bucket)),
    _of_pods("a pod that is no engine, with a token", _pod(_of_spec(automountServiceAccountToken=True), engine=False)),
    _of_pods("the Deployment of a model", _deployment(_pod(_with_queue_proxy))),
    _namespace("a namespace at baseline", None),
    _policy("the denial itself", DENIAL),
    _policy("a NetworkPolicy that lets one namespace in", _network_policy("web", ingress=[FROM_CALLER])),
    _model("a model in the host's network", HOST, _of_spec(hostNetwork=True)),
    _model("a model with a folder of its node", HOST_PATH, _with_host_path),
    _model("a privileged model", PRIVILEGED, _first(privileged=True)),
    _model("a model with a port of its node", PRIVILEGED, _with_host_port),
    _model("a model that may gain rights", ESCALATION, _first(allowPrivilegeEscalation=None)),
    _model("a model that keeps some capabilities", CAPABILITIES, _first(capabilities={"drop": ["NET_RAW"]})),
    _model("a model with a token for the Kubernetes API", TOKEN, _of_spec(automountServiceAccountToken=True)),
    _model("a model with a token in a volume", TOKEN, _with_token),
    _model(
        "a model whose image needs no root and may have it",
        NO_ROOT,
        _of_spec(securityContext={"seccompProfile": {"type": "RuntimeDefault"}}),
    ),
    _model("a writable root against the record", NO_ROOT, _first(readOnlyRootFilesystem=False)),
    _model("containers that are not known", NOT_KNOWN, _of_spec(containers=UNKNOWN), admission=False),
    _model("a model without a seccomp profile", NO_SECCOMP, _of_spec(securityContext={"runAsNonRoot": True})),
    Example("a model without a sizing record", served(), NO_RECORD, beside=(namespace(), DENIAL)),
    Example("a model with another one's record", served(), OTHER_RECORD, beside=(namespace(), OTHER, DENIAL)),
    Example("a model where nothing is denied", served(), NO_NETWORK_POLICY, beside=(namespace(), record())),
    Example(
        "a model where only what comes in is denied",
        served(),
        NO_NETWORK_POLICY,
        beside=(namespace(), record(), HALF_DENIAL),
    ),
    _of_pods("a pod that may gain rights", _pod(_first(allowPrivilegeEscalation=None)), ESCALATION),
    _of_pods("an init container that may", _pod(_with_second_container), ESCALATION),
    _of_pods("a capability in the wrong case", _pod(_first(capabilities={"drop": ["all"]})), CAPABILITIES),
    _of_pods("a pod without a seccomp profile", _pod(_of_spec(securityContext={"runAsUser": 2000})), NO_SECCOMP),
    _of_pods("an engine with a token", _pod(_of_spec(automountServiceAccountToken=True)), TOKEN),
    _of_pods("the Deployment of such a pod", _deployment(_pod(_first(allowPrivilegeEscalation=None))), ESCALATION),
    _of_pods("volumes that are not known", _pod(_of_spec(volumes=UNKNOWN)), HOST_PATH, admission=False),
    _namespace("a namespace that enforces nothing", WRONG_LEVEL, enforce="privileged"),
    _namespace("a level that the cluster's upgrades change", WRONG_LEVEL, enforce_version="latest"),
    _namespace("warnings of less", WRONG_LEVEL, warn="baseline"),
    _namespace("a level that is not known", "not known before the update", admission=False, audit=UNKNOWN),
    _policy("a denial of what comes in alone", HALF_DENIAL, NOT_DENYING),
    _policy(
        "a denial of some pods",
        _network_policy(DEFAULT_DENY, podSelector={"matchLabels": {"app": "web"}}),
        NOT_DENYING,
    ),
    _policy("a NetworkPolicy that lets all in", _network_policy("open", ingress=[{"ports": [{"port": 8080}]}]), OPEN),
    _policy(
        "a NetworkPolicy that lets every address in",
        _network_policy("open", ingress=[{"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]),
        OPEN,
    ),
    _policy("a NetworkPolicy that lets all out", _network_policy("open", policyTypes=["Egress"], egress=[{}]), OPEN),
    _policy("rules that are not known", _network_policy("open", ingress=UNKNOWN), OPEN, admission=False),
)
