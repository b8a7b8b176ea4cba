"""The config maps of Knative Serving with Kourier, and what they may say.

Knative takes no notice of a key that it does not know, nor of a switch whose value it does not know; both are refused here.
Sources: knative.dev/operator v0.50.0 cmd/operator/kodata/{knative-serving/1.23.0,ingress/1.23/kourier}, and knative.dev/serving
v0.50.0 pkg/apis/config (Knative 1.23.0), read 2026-11-25.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from pulumi.runtime.rpc import UNKNOWN

from sandbox.providers.api import Failure
from sandbox.providers.property_diff import property_key
from sandbox.providers.values import entries

#: By config map, without `config-` in front. Those with None may hold any key, as domain names.
KEYS: dict[str, str | None] = {
    "autoscaler": "activator-capacity allow-zero-initial-scale container-concurrency-target-default "
    "container-concurrency-target-percentage enable-scale-to-zero initial-scale max-scale max-scale-down-rate max-scale-limit "
    "max-scale-up-rate min-scale panic-threshold-percentage panic-window-percentage pod-autoscaler-class "
    "requests-per-second-target-default scale-down-delay scale-to-zero-grace-period scale-to-zero-pod-retention-period "
    "stable-window target-burst-capacity",
    "certmanager": "clusterLocalIssuerRef issuerRef systemInternalIssuerRef",
    "defaults": "allow-container-concurrency-zero container-concurrency container-concurrency-max-limit container-name-template "
    "enable-service-links init-container-name-template max-revision-timeout-seconds revision-cpu-limit revision-cpu-request "
    "revision-ephemeral-storage-limit revision-ephemeral-storage-request revision-idle-timeout-seconds revision-memory-limit "
    "revision-memory-request revision-response-start-timeout-seconds revision-timeout-seconds",
    "deployment": "default-affinity-type digest-resolution-timeout pod-is-always-schedulable progress-deadline "
    "queue-sidecar-cpu-limit queue-sidecar-cpu-request queue-sidecar-ephemeral-storage-limit "
    "queue-sidecar-ephemeral-storage-request queue-sidecar-image queue-sidecar-memory-limit queue-sidecar-memory-request "
    "queue-sidecar-rootca queue-sidecar-tls-cipher-suites queue-sidecar-tls-curve-preferences queue-sidecar-tls-max-version "
    "queue-sidecar-tls-min-version queue-sidecar-token-audiences registries-skipping-tag-resolving runtime-class-name",
    "domain": None,
    "features": "autodetect-http2 kubernetes.containerspec-addcapabilities kubernetes.podspec-affinity "
    "kubernetes.podspec-dnsconfig kubernetes.podspec-dnspolicy kubernetes.podspec-fieldref kubernetes.podspec-hostaliases "
    "kubernetes.podspec-hostipc kubernetes.podspec-hostnetwork kubernetes.podspec-hostpid kubernetes.podspec-init-containers "
    "kubernetes.podspec-nodeselector kubernetes.podspec-persistent-volume-claim kubernetes.podspec-persistent-volume-write "
    "kubernetes.podspec-priorityclassname kubernetes.podspec-runtimeclassname kubernetes.podspec-schedulername "
    "kubernetes.podspec-securitycontext kubernetes.podspec-shareprocessnamespace kubernetes.podspec-tolerations "
    "kubernetes.podspec-topologyspreadconstraints kubernetes.podspec-volumes-csi kubernetes.podspec-volumes-emptydir "
    "kubernetes.podspec-volumes-ephemeral kubernetes.podspec-volumes-hostpath kubernetes.podspec-volumes-image "
    "kubernetes.podspec-volumes-mount-propagation multi-container multi-container-probing queueproxy.mount-podinfo "
    "queueproxy.resource-defaults secure-pod-defaults tag-header-based-routing",
    "gc": "max-non-active-revisions min-non-active-revisions retain-since-create-time retain-since-last-active-time",
    "kourier": "certs-secret-name certs-secret-namespace cipher-suites cluster-cert-secret disable-envoy-server-header "
    "enable-cryptomb enable-proxy-protocol enable-service-access-logging extauthz-failure-mode-allow extauthz-host "
    "extauthz-max-request-body-bytes extauthz-pack-as-byte extauthz-path-prefix extauthz-protocol extauthz-timeout "
    "service-access-log-template stream-idle-timeout tracing-endpoint tracing-protocol tracing-sampling-rate "
    "tracing-service-name trusted-hops-count use-remote-address",
    "kourier-bootstrap": "envoy-bootstrap.yaml",
    "leader-election": "buckets lease-duration renew-deadline retry-period",
    "logging": None,
    "network": "auto-tls autocreate-cluster-domain-claims certificate-class cluster-local-domain-tls default-external-scheme "
    "domain-template enable-mesh-pod-addressability external-domain-tls http-protocol ingress-class internal-encryption "
    "mesh-compatibility-mode namespace-wildcard-cert-selector rollout-duration system-internal-tls tag-template",
    "observability": "logging.enable-probe-request-log logging.enable-request-log logging.enable-var-log-collection "
    "logging.request-log-template logging.revision-url-template metrics-endpoint metrics-export-interval metrics-protocol "
    "request-metrics-endpoint request-metrics-export-interval request-metrics-protocol runtime-profiling tracing-endpoint "
    "tracing-protocol tracing-sampling-rate",
}
FLAGS = ("enabled", "allowed", "disabled")
#: The one switch with another word.
SECURE_DEFAULTS, SECURE_FLAGS = "secure-pod-defaults", ("enabled", "allowrootbounded", "disabled")

#: What holds where a config map says nothing.
SHIPPED: dict[str, dict[str, str]] = {
    "defaults": {
        "revision-timeout-seconds": "300",
        "max-revision-timeout-seconds": "600",
        "container-concurrency-max-limit": "1000",
        "allow-container-concurrency-zero": "true",
    },
    "features": {"multi-container": "enabled", "kubernetes.podspec-volumes-emptydir": "enabled"},
}


def config_failures(config: Any) -> list[Failure]:
    """What is wrong with `spec.config` of a KnativeServing."""
    found: list[Failure] = []
    for name, data in entries(config).items():
        path, short = property_key("spec.config", name), name.removeprefix("config-")
        if short not in KEYS:
            found.append((path, f"Knative has no such config map{_near(short, list(KEYS))}"))
            continue
        keys = KEYS[short]
        for key in entries(data):
            if keys is not None and key not in keys.split():
                found.append((property_key(path, key), f"Knative ignores this key{_near(key, keys.split())}"))
    return found + _flag_failures(config) + _timeout_failures(config)


def setting(config: Any, name: str, key: str) -> str:
    """The value of a key in effect: "" for one that is not set, UNKNOWN for one that is not known yet."""
    if config == UNKNOWN:
        return UNKNOWN
    given = entries(config)
    data = given.get(name, given.get(f"config-{name}"))
    if data == UNKNOWN:
        return UNKNOWN
    return str(entries(data).get(key, SHIPPED.get(name, {}).get(key, "")))


def number(config: Any, name: str, key: str) -> int | None:
    """The value of a key that is a number; None where it is not known, or none."""
    value = setting(config, name, key)
    return int(value) if value.isdigit() else None


def _flag_failures(config: Any) -> list[Failure]:
    found: list[Failure] = []
    for key in (KEYS["features"] or "").split():
        value, allowed = setting(config, "features", key), SECURE_FLAGS if key == SECURE_DEFAULTS else FLAGS
        if value not in ("", UNKNOWN) and value.lower() not in allowed:
            path = property_key("spec.config.features", key)
            found.append((path, f"Knative ignores '{value}': allowed are {', '.join(allowed)}"))
    return found


def _timeout_failures(config: Any) -> list[Failure]:
    """Knative's webhook refuses the config map with these."""
    most = number(config, "defaults", "max-revision-timeout-seconds")
    usual = number(config, "defaults", "revision-timeout-seconds")
    if most is None or usual is None or usual <= most:
        return []
    reason = f"revision-timeout-seconds ({usual}) cannot be greater than max-revision-timeout-seconds ({most})"
    return [("spec.config.defaults", reason)]


def _near(word: str, allowed: list[str]) -> str:
    near = get_close_matches(word, allowed, n=1)
    return f", did you mean '{near[0]}'?" if near else ""
