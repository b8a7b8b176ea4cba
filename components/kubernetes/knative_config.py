"""What Knative is told for language models: the ConfigMaps of Knative Serving 1.23 and Kourier as the operator takes them. Pure.

Every key is one that the release documents (a test holds them against the `_example` of its ConfigMaps). Feature switches cannot
safely be taken back once something uses them, so only those are on that the pods of models need.
Sources: knative.dev/operator v0.50.0 cmd/operator/kodata, knative.dev/serving v0.50.0 pkg/apis/config and pkg/queue/sharedmain,
knative-extensions/net-kourier pkg/reconciler/ingress/config (2026-07).
"""

import re
from typing import NotRequired, TypedDict

from components.kubernetes.chart_release import Mirror, image
from components.kubernetes.versions import KNATIVE_IMAGES

INGRESS_CLASS = "kourier.ingress.networking.knative.dev"
#: Name and namespace are one label of the host name, so that one certificate `*.<domain>` fits every model.
DOMAIN_TEMPLATE = "{{.Name}}-{{.Namespace}}.{{.Domain}}"
#: The domain of routes that nobody outside the cluster can ask for.
CLUSTER_DOMAIN = "svc.cluster.local"
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
#: Knative's own maximum for a request, which is never lowered.
SHIPPED_MAXIMUM_SECONDS = 600
#: Fields of a pod that Knative refuses unless the switch is on, by field; make_pod of engine_pod.py uses most of them.
POD_SWITCHES = {
    "affinity": "kubernetes.podspec-affinity",
    "nodeSelector": "kubernetes.podspec-nodeselector",
    "priorityClassName": "kubernetes.podspec-priorityclassname",
    "securityContext": "kubernetes.podspec-securitycontext",
    "tolerations": "kubernetes.podspec-tolerations",
    "topologySpreadConstraints": "kubernetes.podspec-topologyspreadconstraints",
}
#: The same for what an environment variable or a volume takes its content from: the pod's own fields, a bucket's mount, a disk
#: that many pods read.
SOURCE_SWITCHES = {
    "fieldRef": "kubernetes.podspec-fieldref",
    "csi": "kubernetes.podspec-volumes-csi",
    "persistentVolumeClaim": "kubernetes.podspec-persistent-volume-claim",
}


class ExternalAuthorization(TypedDict):
    """A service that Kourier asks by Envoy's ext_authz over gRPC whether a request may pass. Without an answer it may not."""

    host: str
    """Host name and port of the service, as name.namespace.svc.cluster.local:port."""
    timeout_milliseconds: NotRequired[int]
    """How long an answer may take. Default: 2000."""


ConfigMaps = dict[str, dict[str, str]]


def make_config(
    *,
    longest_request_seconds: int,
    progress_deadline_seconds: int,
    domain: str | None,
    external_authorization: ExternalAuthorization | None,
    mirror: Mirror,
) -> ConfigMaps:
    """The `config` of a KnativeServing, ConfigMap by ConfigMap without the prefix `config-`.

    Raises ValueError for limits that Knative would refuse or that would cut requests short.
    """
    if longest_request_seconds < SHIPPED_MAXIMUM_SECONDS:
        raise ValueError(
            f"longest_request_seconds is {longest_request_seconds}; at least {SHIPPED_MAXIMUM_SECONDS}, "
            "which Knative serves without being told"
        )
    if progress_deadline_seconds < 1:
        raise ValueError(f"progress_deadline_seconds is {progress_deadline_seconds}; at least 1")
    if domain is not None and not _DOMAIN.fullmatch(domain):
        raise ValueError(f"domain is '{domain}'; a domain name is needed, such as models.example.com")
    return {
        "defaults": {"max-revision-timeout-seconds": str(longest_request_seconds)},
        "deployment": {
            "progress-deadline": f"{progress_deadline_seconds}s",
            # GPU nodes are made when a pod waits for one; Knative would call that a failure
            "pod-is-always-schedulable": "true",
            # the operator replaces images of pods, and this one it does not see
            "queue-sidecar-image": image(KNATIVE_IMAGES["queue-proxy"], mirror),
        },
        "domain": {domain or CLUSTER_DOMAIN: ""},
        "features": {
            **dict.fromkeys([*POD_SWITCHES.values(), *SOURCE_SWITCHES.values()], "enabled"),
            # queue-proxy has limits then, without which a quota that names limits refuses the pod
            "queueproxy.resource-defaults": "enabled",
            # all of `restricted` but runAsNonRoot, which pods state themselves: some engine images are known to run as root only
            "secure-pod-defaults": "AllowRootBounded",
        },
        "network": {
            "ingress-class": INGRESS_CLASS,
            "domain-template": DOMAIN_TEMPLATE,
            # a load balancer in front ends TLS
            **({"default-external-scheme": "https"} if domain else {}),
        },
        # off as shipped: queue-proxy's numbers are on 9091, those of the controllers on 9090
        "observability": {"metrics-protocol": "prometheus", "request-metrics-protocol": "prometheus"},
        **({"kourier": _authorization(external_authorization)} if external_authorization else {}),
    }


def _authorization(service: ExternalAuthorization) -> dict[str, str]:
    name, colon, port = service["host"].rpartition(":")
    if not (name and colon and port.isdecimal() and 0 < int(port) < 65536):
        raise ValueError(
            f"external_authorization.host is '{service['host']}'; host and port are needed, such as authorization.namespace:9191"
        )
    timeout = int(service.get("timeout_milliseconds", 2000))
    if timeout < 1:
        raise ValueError(f"external_authorization.timeout_milliseconds is {timeout}; at least 1")
    return {
        "extauthz-host": service["host"],
        "extauthz-protocol": "grpc",
        "extauthz-timeout": str(timeout),
        "extauthz-failure-mode-allow": "false",
        # who may ask does not depend on what is asked: the least of a prompt that Envoy can be told to send
        "extauthz-max-request-body-bytes": "1",
    }
