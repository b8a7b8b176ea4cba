"""Stands in for cert-manager's controller and injector: signs what Certificates ask for, and tells webhooks their authority.

Every issuer, of whatever kind, signs by the cluster's own authority, kept in a Secret. cert-manager's webhook is `admit_all.py`.
"""

from __future__ import annotations

import datetime

from sandbox.cluster.api_server import JSON_PATCH, ApiServer, Object, told
from sandbox.cluster.keys import Signed, make_authority, make_certificate
from sandbox.cluster.layout import ClusterLayout
from sandbox.cluster.mirror import Mirror, for_each
from sandbox.cluster.tls_secrets import (
    AUTHORITY,
    FROM_CERTIFICATE,
    FROM_SECRET,
    RENEWED_BEFORE,
    VALID,
    WEBHOOK_KINDS,
    bundle_changes,
    condition,
    encoded,
    hosts_of,
    read_signed,
    secret_files,
    still_good,
)

MANAGER = "sandbox-cert-manager"
GROUP = "cert-manager.io"
VERSION = f"{GROUP}/v1"
CERTIFICATES, SECRET = (VERSION, "Certificate"), ("v1", "Secret")
ISSUERS = ((VERSION, "Issuer"), (VERSION, "ClusterIssuer"))
#: What may carry an annotation that names its authority.
INJECTED = (
    *(("admissionregistration.k8s.io/v1", kind) for kind in WEBHOOK_KINDS),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
    ("apiregistration.k8s.io/v1", "APIService"),
)
#: Where the authority is kept.
NAMESPACE, NAME = "kube-system", "sandbox-ca"
TLS = "kubernetes.io/tls"
LONGEST_COMMON_NAME = 64
ROUND_SECONDS = 60.0


class Certificates:
    """The certificates of one cluster, brought in line by `reconcile`."""

    def __init__(self, api: ApiServer, mirror: Mirror) -> None:
        self.api, self.mirror = api, mirror

    def reconcile(self) -> None:
        """One round; raises ApiError and UnreachableError."""
        self.authority = self._authority()
        for kind in ISSUERS:
            for_each(self.mirror.all(*kind), self._accept)
        for_each(self.mirror.all(*CERTIFICATES), self._issue)
        for kind in INJECTED:
            for_each(self.mirror.all(*kind), self._inject)

    def _authority(self) -> Signed:
        """The cluster's authority, made when there is none."""
        kept = self.mirror.get(*SECRET, (NAMESPACE, NAME)) or self.api.get(*SECRET, NAME, NAMESPACE)
        found = None if kept is None else read_signed(kept)
        if found is None:
            found = make_authority(NAME)
            self._write_secret({"name": NAME, "namespace": NAMESPACE}, TLS, secret_files(found, found))
        return found

    def _accept(self, issuer: Object) -> None:
        ready = condition(issuer, "Ready", "True", "IsReady", "signs with the sandbox's own authority", _now())
        self.api.set_status(issuer, {"conditions": [ready]}, MANAGER)

    def _issue(self, certificate: Object) -> None:
        """Writes the Secret of a Certificate, unless it is good, and the status."""
        missing = self._missing_issuer(certificate)
        if missing is not None:
            waits = condition(certificate, "Ready", "False", "DoesNotExist", missing, _now())
            self.api.set_status(certificate, {"conditions": [waits]}, MANAGER)
            return
        metadata, spec, hosts = certificate["metadata"], certificate["spec"], hosts_of(certificate)
        secret = self.mirror.get(*SECRET, (metadata["namespace"], spec["secretName"]))
        if not still_good(secret, hosts, self.authority, _now()):
            # asked anew: what is mirrored may be a moment old, and each new certificate is one more to load
            secret = self.api.get(*SECRET, spec["secretName"], metadata["namespace"])
        if not still_good(secret, hosts, self.authority, _now()):
            name = spec.get("commonName") or next(iter(hosts), metadata["name"])
            signed = make_certificate(self.authority, name[:LONGEST_COMMON_NAME], hosts, VALID)
            template = spec.get("secretTemplate", {})
            described = {
                "name": spec["secretName"],
                "namespace": metadata["namespace"],
                "labels": {**template.get("labels", {}), f"controller.{GROUP}/fao": "true"},
                "annotations": {**template.get("annotations", {}), f"{GROUP}/certificate-name": metadata["name"]},
            }
            # the type of a Secret that is there cannot change, and cert-manager leaves it too
            kind = TLS if secret is None else secret.get("type", TLS)
            secret = self._write_secret(described, kind, secret_files(signed, self.authority))
        self._set_issued(certificate, secret)

    def _missing_issuer(self, certificate: Object) -> str | None:
        """What is wrong with the issuer that a Certificate names."""
        reference = certificate["spec"]["issuerRef"]
        if reference.get("group", GROUP) != GROUP:
            return f"issuers of {reference['group']} are nothing that the sandbox has"
        kind = reference.get("kind", "Issuer")
        namespace = certificate["metadata"]["namespace"] if kind == "Issuer" else ""
        if (VERSION, kind) in ISSUERS and self.mirror.get(VERSION, kind, (namespace, reference["name"])):
            return None
        return f"{kind} {reference['name']} not found"

    def _set_issued(self, certificate: Object, secret: Object | None) -> None:
        signed = None if secret is None else read_signed(secret)
        if signed is None:
            return
        good = "Certificate is up to date and has not expired"
        ready = condition(certificate, "Ready", "True", "Ready", good, _now())
        ready["observedGeneration"] = certificate["metadata"]["generation"]
        start, end = signed.certificate.not_valid_before_utc, signed.certificate.not_valid_after_utc
        status = {"notBefore": told(start), "notAfter": told(end), "renewalTime": told(end - RENEWED_BEFORE)}
        self.api.set_status(certificate, {"conditions": [ready], "revision": 1, **status}, MANAGER)

    def _inject(self, made: Object) -> None:
        """Writes the authority into an object that names one."""
        bundle = self._bundle(made["metadata"].get("annotations", {}))
        if bundle is None:
            return
        if changes := bundle_changes(made, bundle):
            self.api.patch(made, changes, how=JSON_PATCH, manager=MANAGER)
            print(f"told {made['kind']} {made['metadata']['name']} its authority", flush=True)

    def _bundle(self, annotations: dict[str, str]) -> str | None:
        """The authority that annotations name, encoded; None when they name none, or one that is not there yet."""
        if FROM_CERTIFICATE in annotations:
            namespace, _, name = annotations[FROM_CERTIFICATE].partition("/")
            certificate = self.mirror.get(*CERTIFICATES, (namespace, name))
            secret_name = certificate["spec"]["secretName"] if certificate else ""
        elif FROM_SECRET in annotations:
            namespace, _, secret_name = annotations[FROM_SECRET].partition("/")
        else:
            return None
        secret = self.mirror.get(*SECRET, (namespace, secret_name))
        return ((secret or {}).get("data") or {}).get(AUTHORITY)

    def _write_secret(self, metadata: Object, kind: str, files: dict[str, bytes]) -> Object:
        print(f"signed {metadata['namespace']}/{metadata['name']}", flush=True)
        made = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": kind, "data": encoded(files)}
        return self.api.apply(made, MANAGER)


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def main() -> None:
    """Runs until it is ended."""
    api = ApiServer.of(ClusterLayout.of_command_line().inside_kubeconfig)
    mirror = Mirror(api, (CERTIFICATES, *ISSUERS, SECRET, *INJECTED))
    mirror.wait_filled(*SECRET)
    mirror.loop(Certificates(api, mirror).reconcile, ROUND_SECONDS)


if __name__ == "__main__":
    main()
