"""An object of each custom kind whose fields a table has, beside the serving stack's own."""

from __future__ import annotations

from typing import Any


def custom(api_version: str, kind: str, spec: dict[str, Any], namespace: str | None = "team-a") -> dict[str, Any]:
    """An object of a custom kind."""
    metadata = {"name": "one", **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}


TARGET = {"group": "", "kind": "Service", "name": "kourier"}
OBJECTS = {
    "Certificate": custom(
        "cert-manager.io/v1",
        "Certificate",
        {"secretName": "tls", "dnsNames": ["a.example"], "issuerRef": {"name": "own", "kind": "Issuer"}},
    ),
    "Issuer": custom("cert-manager.io/v1", "Issuer", {"selfSigned": {}}),
    "ClusterIssuer": custom("cert-manager.io/v1", "ClusterIssuer", {"selfSigned": {}}, None),
    "ScaledObject": custom(
        "keda.sh/v1alpha1",
        "ScaledObject",
        {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "assistant-predictor"},
            "pollingInterval": 15,
            "minReplicaCount": 1,
            "maxReplicaCount": 3,
            "fallback": {"failureThreshold": 4, "replicas": 1, "behavior": "currentReplicasIfHigher"},
            "advanced": {
                "horizontalPodAutoscalerConfig": {"behavior": {"scaleDown": {"stabilizationWindowSeconds": 600}}}
            },
            "triggers": [
                {
                    "type": "prometheus",
                    "metricType": "Value",
                    "metadata": {"serverAddress": "https://x", "query": "up", "threshold": "1"},
                    "authenticationRef": {"name": "metrics", "kind": "ClusterTriggerAuthentication"},
                }
            ],
        },
    ),
    "ClusterTriggerAuthentication": custom(
        "keda.sh/v1alpha1", "ClusterTriggerAuthentication", {"podIdentity": {"provider": "gcp"}}, None
    ),
    "ClusterServingRuntime": custom(
        "serving.kserve.io/v1alpha1",
        "ClusterServingRuntime",
        {
            "containers": [{"name": "kserve-container", "image": "vllm"}],
            "supportedModelFormats": [{"name": "vLLM", "version": "1", "autoSelect": True}],
        },
        None,
    ),
    "ValidatingPolicy": custom(
        "policies.kyverno.io/v1",
        "ValidatingPolicy",
        {
            "validationActions": ["Deny"],
            "failurePolicy": "Fail",
            "matchConstraints": {
                "namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "Exists"}]},
                "resourceRules": [
                    {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
                ],
            },
            "matchConditions": [{"name": "one", "expression": "true"}],
            "variables": [{"name": "one", "expression": "1"}],
            "validations": [{"expression": "variables.one == 1", "message": "no"}],
        },
        None,
    ),
    "PolicyException": custom(
        "policies.kyverno.io/v1",
        "PolicyException",
        {
            "policyRefs": [{"name": "one", "kind": "ValidatingPolicy"}],
            "matchConditions": [{"name": "one", "expression": "true"}],
            "allowedValues": ["2026-12-01T00:00:00Z"],
        },
    ),
    "PodMonitoring": custom(
        "monitoring.googleapis.com/v1",
        "PodMonitoring",
        {
            "selector": {"matchLabels": {"app": "engine"}},
            "endpoints": [
                {
                    "port": 8080,
                    "path": "/metrics",
                    "interval": "15s",
                    "metricRelabeling": [{"action": "keep", "sourceLabels": ["__name__"], "regex": "vllm:.+"}],
                },
                {"port": "http-usermetric", "interval": "15s"},
            ],
            "targetLabels": {"metadata": ["pod"], "fromPod": [{"from": "team", "to": "team"}]},
        },
    ),
    "Gateway": custom(
        "gateway.networking.k8s.io/v1",
        "Gateway",
        {
            "gatewayClassName": "gke-l7-global-external-managed",
            "addresses": [{"type": "NamedAddress", "value": "gemma"}],
            "listeners": [
                {
                    "name": "https",
                    "port": 443,
                    "protocol": "HTTPS",
                    "tls": {"mode": "Terminate", "options": {"networking.gke.io/pre-shared-certs": ""}},
                    "allowedRoutes": {"namespaces": {"from": "Same"}},
                }
            ],
        },
    ),
    "HTTPRoute": custom(
        "gateway.networking.k8s.io/v1",
        "HTTPRoute",
        {
            "parentRefs": [{"name": "gemma", "sectionName": "https"}],
            "hostnames": ["*.models.example.com"],
            "rules": [
                {
                    "matches": [{"path": {"type": "PathPrefix", "value": "/v1"}}],
                    "backendRefs": [{"name": "kourier", "port": 80}],
                    "timeouts": {"request": "3600s"},
                }
            ],
        },
    ),
    "ReferenceGrant": custom(
        "gateway.networking.k8s.io/v1beta1",
        "ReferenceGrant",
        {
            "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "team-a"}],
            "to": [{"group": "", "kind": "Service"}],
        },
    ),
    "HealthCheckPolicy": custom(
        "networking.gke.io/v1",
        "HealthCheckPolicy",
        {
            "targetRef": TARGET,
            "default": {
                "checkIntervalSec": 10,
                "config": {"type": "HTTP", "httpHealthCheck": {"requestPath": "/ready", "port": 8090}},
            },
        },
    ),
    "GCPBackendPolicy": custom(
        "networking.gke.io/v1",
        "GCPBackendPolicy",
        {"targetRef": TARGET, "default": {"timeoutSec": 3630, "connectionDraining": {"drainingTimeoutSec": 60}}},
    ),
    "GCPGatewayPolicy": custom(
        "networking.gke.io/v1",
        "GCPGatewayPolicy",
        {
            "targetRef": {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "gemma"},
            "default": {"sslPolicy": "modern"},
        },
    ),
    "SecretProviderClass": custom(
        "secrets-store.csi.x-k8s.io/v1",
        "SecretProviderClass",
        {"provider": "gke", "parameters": {"secrets": "- resourceName: x"}},
    ),
    "ComputeClass": custom(
        "cloud.google.com/v1",
        "ComputeClass",
        {
            "priorities": [{"nodepools": ["spot"]}, {"nodepools": ["on-demand"]}],
            "whenUnsatisfiable": "DoNotScaleUp",
        },
        None,
    ),
}
