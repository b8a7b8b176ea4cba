"""Managed TLS certificate for all names below a domain, `*.<domain>`, and how old a TLS the load balancer still speaks.

Owns DNS authorization, certificate and SSL policy, for a load balancer on the internet also the certificate map by which that one
takes certificates; an internal one takes its region's certificate by name. Makes no DNS record: the domain is the organisation's,
and `dns_record` is what it must create, once, for as long as the certificate is to be renewed. Until then the certificate waits
and connections fail. The record's name is the project's own, so that other projects and other issuers of certificates for the
domain do not get in the way.
Idle cost: none for up to 100 certificates (list price, unconfirmed). Google renews the certificate; no private key is ever seen.
Replaced when: domain, exposure or region changes; names carry a digest of the domain, so that the new one is there before the old
one goes.
Sources: docs.cloud.google.com/certificate-manager/docs/{deploy-google-managed-dns-auth,deploy-google-managed-regional,
dns-authorizations} and /kubernetes-engine/docs/how-to/secure-gateway (2026).
"""

import hashlib
import re
from collections.abc import Sequence
from typing import TypedDict

import pulumi
import pulumi_gcp as gcp

from components.exposures import EXTERNAL, check_exposure
from components.package import token

_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
#: Record with a name of the project's own; the only type for a region's certificates.
RECORD_TYPE = "PER_PROJECT_RECORD"
#: Google's default still speaks TLS 1.0 (docs.cloud.google.com/load-balancing/docs/ssl-policies-concepts, 2026).
MINIMUM_TLS, TLS_PROFILE = "TLS_1_2", "MODERN"


class DnsRecord(TypedDict):
    """A record that the owner of the domain must create."""

    name: str
    """Name of the record, with the dot at its end."""
    type: str
    """Type of the record."""
    data: str
    """What the record says."""


class WildcardCertificateArgs(TypedDict):
    """Arguments of WildcardCertificate."""

    name: str
    """Beginning of the names of its parts; at most 56 characters."""
    domain: str
    """Domain without the wildcard, as models.example.com."""
    exposure: str
    """internal or external: the load balancer that it is for."""
    region: str
    """Region of an internal load balancer."""
    labels: dict[str, str]
    """Google labels."""


class WildcardCertificate(pulumi.ComponentResource):
    """A certificate for `*.<domain>`. `certificate` is the map or, for an internal load balancer, the certificate by name."""

    certificate: pulumi.Output[str]
    ssl_policy: pulumi.Output[str]
    dns_record: pulumi.Output[DnsRecord]

    def __init__(self, name: str, args: WildcardCertificateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check_domain(args["domain"])
        check_exposure(args["exposure"])
        own_name = _name(args)
        super().__init__(token(WildcardCertificate), name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        external = args["exposure"] == EXTERNAL
        location = "global" if external else args["region"]
        authorization = gcp.certificatemanager.DnsAuthorization(
            name,
            name=own_name,
            location=location,
            domain=args["domain"],
            type=RECORD_TYPE,
            labels=args["labels"],
            opts=child,
        )
        certificate = gcp.certificatemanager.Certificate(
            name,
            name=own_name,
            location=location,
            managed=gcp.certificatemanager.CertificateManagedArgs(
                domains=[f"*.{args['domain']}"], dns_authorizations=[authorization.id]
            ),
            labels=args["labels"],
            opts=child,
        )
        self.certificate = _map(name, own_name, args, certificate, child) if external else certificate.name
        self.ssl_policy = _ssl_policy(name, args, child)
        self.dns_record = authorization.dns_resource_records.apply(_record)
        self.register_outputs(
            {"certificate": self.certificate, "ssl_policy": self.ssl_policy, "dns_record": self.dns_record}
        )


def check_domain(domain: str) -> None:
    """Raises ValueError for what is no domain below which names can be."""
    if not _DOMAIN.fullmatch(domain):
        raise ValueError(f"domain is '{domain}'; write it in lower case and without a wildcard, as models.example.com")


def _name(args: WildcardCertificateArgs) -> str:
    digest = hashlib.sha256(args["domain"].encode()).hexdigest()[:6]
    own_name = f"{args['name']}-{digest}"
    if len(own_name) > 63:
        raise ValueError(f"name is '{args['name']}', {len(args['name'])} characters; at most 56 are allowed")
    return own_name


def _map(
    name: str,
    own_name: str,
    args: WildcardCertificateArgs,
    certificate: gcp.certificatemanager.Certificate,
    opts: pulumi.ResourceOptions,
) -> pulumi.Output[str]:
    certificates = gcp.certificatemanager.CertificateMap(name, name=own_name, labels=args["labels"], opts=opts)
    entry = gcp.certificatemanager.CertificateMapEntry(
        name,
        name=own_name,
        map=certificates.name,
        hostname=f"*.{args['domain']}",
        certificates=[certificate.id],
        labels=args["labels"],
        opts=opts,
    )
    # whoever takes the map waits for what is in it
    return pulumi.Output.all(certificates.name, entry.id).apply(lambda both: both[0])


def _ssl_policy(name: str, args: WildcardCertificateArgs, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    if args["exposure"] == EXTERNAL:
        return gcp.compute.SSLPolicy(
            name, name=args["name"], min_tls_version=MINIMUM_TLS, profile=TLS_PROFILE, opts=opts
        ).name
    return gcp.compute.RegionSslPolicy(
        name,
        name=args["name"],
        region=args["region"],
        min_tls_version=MINIMUM_TLS,
        profile=TLS_PROFILE,
        opts=opts,
    ).name


def _record(records: Sequence[gcp.certificatemanager.outputs.DnsAuthorizationDnsResourceRecord]) -> DnsRecord:
    record = records[0]
    return DnsRecord(name=record.name or "", type=record.type or "", data=record.data or "")
