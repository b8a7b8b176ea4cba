"""What the API server and the provider say of any object: names, labels, scopes, and which fields cannot be changed."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from pulumi.runtime.rpc import UNKNOWN

from sandbox.providers.api import Failure, Properties

SECRET = "kubernetes:core/v1:Secret"  # noqa: S105
#: Kinds of the built-in groups that live outside namespaces.
CLUSTER_SCOPED = (
    "APIService",
    "CSIDriver",
    "CertificateSigningRequest",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "DeviceClass",
    "FlowSchema",
    "IngressClass",
    "MutatingWebhookConfiguration",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PriorityClass",
    "PriorityLevelConfiguration",
    "RuntimeClass",
    "StorageClass",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
    "VolumeAttachment",
)
#: Fields whose change replaces the object: the provider's own list (pulumi-kubernetes v4, provider/pkg/provider, forceNew).
#: It takes the content of secrets and config maps for immutable unless `enableSecretMutable` or `enableConfigMapMutable` is set.
IMMUTABLE = {
    "kubernetes:apps/v1:DaemonSet": ("spec.selector",),
    "kubernetes:apps/v1:Deployment": ("spec.selector",),
    "kubernetes:apps/v1:StatefulSet": (
        "spec.podManagementPolicy",
        "spec.revisionHistoryLimit",
        "spec.selector",
        "spec.serviceName",
        "spec.volumeClaimTemplates",
    ),
    "kubernetes:batch/v1:Job": ("spec.completions", "spec.parallelism", "spec.selector", "spec.template"),
    "kubernetes:core/v1:ConfigMap": ("binaryData", "data"),
    "kubernetes:core/v1:PersistentVolumeClaim": (
        "spec.accessModes",
        "spec.selector",
        "spec.storageClassName",
        "spec.volumeName",
    ),
    "kubernetes:core/v1:ResourceQuota": ("spec.scopes",),
    SECRET: ("type", "stringData", "data"),
    "kubernetes:core/v1:Service": ("spec.clusterIP",),
    "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding": ("roleRef",),
    "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding": ("roleRef",),
    "kubernetes:storage.k8s.io/v1:StorageClass": ("parameters", "provisioner"),
}
MUTABLE_BY = {"enableConfigMapMutable": "kubernetes:core/v1:ConfigMap", "enableSecretMutable": SECRET}

SUBDOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
NAME_RULES = {
    "Namespace": (r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", "a lowercase RFC 1123 label of at most 63 characters"),
    "Service": (r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", "a lowercase RFC 1035 label of at most 63 characters"),
}
ANY_NAME = (rf"(?=.{{1,253}}$){SUBDOMAIN}", "a lowercase RFC 1123 subdomain of at most 253 characters")
#: Kinds whose names may hold anything that fits into a path, as `system:node`.
RBAC = ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")
PATH_SEGMENT = (r"(?!\.{1,2}$)[^/%]+", "a path segment without / and %")

LABEL_NAME = r"([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)"
LABEL_KEY = re.compile(rf"^((?=[^/]{{1,253}}/){SUBDOMAIN}/)?{LABEL_NAME}$")
LABEL_VALUE = re.compile(rf"^{LABEL_NAME}?$")


def metadata_failures(kind: str, metadata: Mapping[str, Any]) -> list[Failure]:
    """Names, labels and annotations that the API server refuses."""
    found: list[Failure] = []
    name = metadata.get("name")
    pattern, rule = PATH_SEGMENT if kind in RBAC else NAME_RULES.get(kind, ANY_NAME)
    if name not in (None, UNKNOWN) and not re.fullmatch(pattern, str(name)):
        found.append(("metadata.name", f'Invalid value: "{name}": {rule} is needed'))
    for key, value in _entries(metadata.get("labels")).items():
        if not LABEL_KEY.fullmatch(key):
            found.append((f"metadata.labels.{key}", "Invalid value: a qualified name is needed"))
        if value != UNKNOWN and not LABEL_VALUE.fullmatch(str(value)):
            rule = "a label's value is at most 63 letters, digits, -, _ and ."
            found.append((f"metadata.labels.{key}", f"Invalid value: {rule}"))
    for key in _entries(metadata.get("annotations")):
        if not LABEL_KEY.fullmatch(key.lower()):
            found.append((f"metadata.annotations.{key}", "Invalid value: a qualified name is needed"))
    return found


def secret_failures(inputs: Properties) -> list[Failure]:
    """Values of a Secret's `data` that are not base64."""
    found: list[Failure] = []
    for key, value in _entries(inputs.get("data")).items():
        if value == UNKNOWN:
            continue
        try:
            base64.b64decode(str(value), validate=True)
        except binascii.Error:
            found.append((f"data.{key}", "illegal base64 data; plain text belongs into stringData"))
    return found


def _entries(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
