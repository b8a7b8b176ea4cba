"""Certificates, keys, tokens and kubeconfigs of one cluster: made once, known to nobody else, good for nothing else."""

from __future__ import annotations

import datetime
import ipaddress
import secrets
from dataclasses import dataclass
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sandbox.cluster.layout import ClusterLayout
from sandbox.cluster.network import API_PORT, HOST

#: Longer than any sandbox lives.
VALID = datetime.timedelta(days=365)
#: First address of the Services' network: that of the API server's own Service.
SERVICE_OF_API = "10.96.0.1"
#: Public registries that `registry.py` stands in for. A mirror's images are named by digest, for which nobody asks.
REGISTRIES = ("index.docker.io", "gcr.io", "ghcr.io", "quay.io", "registry.k8s.io")
#: Token of each user of the control plane: user and group, as Kubernetes' own roles expect them.
USERS = {
    "admin": ("admin", "system:masters"),
    "controller-manager": ("system:kube-controller-manager", ""),
    "scheduler": ("system:kube-scheduler", ""),
}


@dataclass(frozen=True, slots=True)
class Signed:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey

    def certificate_pem(self) -> bytes:
        """The certificate as a file holds it."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def key_pem(self) -> bytes:
        """The key as a file holds it, not encrypted."""
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )


def make_authority(name: str) -> Signed:
    """A certificate authority."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = _name(name)
    unsigned = _unsigned(subject, subject, key).add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
    return Signed(unsigned.sign(key, hashes.SHA256()), key)


def make_certificate(
    authority: Signed, name: str, hosts: tuple[str, ...] = (), valid: datetime.timedelta = VALID
) -> Signed:
    """A certificate for servers of those names and addresses, and for clients."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    unsigned = _unsigned(_name(name), authority.certificate.subject, key, valid).add_extension(usage, False)
    if hosts:
        unsigned = unsigned.add_extension(x509.SubjectAlternativeName([_host(host) for host in hosts]), False)
    return Signed(unsigned.sign(authority.key, hashes.SHA256()), key)


def make_keys(layout: ClusterLayout) -> None:
    """Writes everything below `layout.keys`, unless it is there."""
    if (layout.keys / "tokens.csv").exists():
        return
    layout.keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    authority, front = make_authority("sandbox-cluster"), make_authority("sandbox-front-proxy")
    hosts = ("localhost", "127.0.0.1", HOST, SERVICE_OF_API, "kubernetes.default.svc")
    server = make_certificate(authority, "kube-apiserver", hosts)
    registry = make_certificate(authority, "registry", REGISTRIES)
    client = make_certificate(front, "front-proxy-client")
    accounts = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    _write(layout.keys / "ca.crt", authority.certificate_pem())
    for name, signed in (("server", server), ("registry", registry), ("front-proxy-client", client)):
        _write(layout.keys / f"{name}.crt", signed.certificate_pem())
        _write(layout.keys / f"{name}.key", signed.key_pem())
    _write(layout.keys / "front-proxy-ca.crt", front.certificate_pem())
    _write(layout.keys / "accounts.key", Signed(authority.certificate, accounts).key_pem())
    public = accounts.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    _write(layout.keys / "accounts.pub", public)
    rows = [f'{secrets.token_urlsafe(24)},{user},{name},"{group}"\n' for name, (user, group) in USERS.items()]
    _write(layout.keys / "tokens.csv", "".join(rows).encode())


def read_signed(path: Path) -> Signed:
    """The certificate and key in the files of this name, with .crt and .key behind it."""
    key = serialization.load_pem_private_key(path.with_suffix(".key").read_bytes(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return Signed(x509.load_pem_x509_certificate(path.with_suffix(".crt").read_bytes()), key)


def write_kubeconfigs(layout: ClusterLayout, port: int) -> None:
    """Writes the kubeconfigs: for this machine, whose port leads to the API server, and for those inside."""
    for name in USERS:
        _write_kubeconfig(layout, layout.keys / f"{name}.kubeconfig", f"https://{HOST}:{API_PORT}", name)
    _write_kubeconfig(layout, layout.inside_kubeconfig, f"https://{HOST}:{API_PORT}", "admin")
    _write_kubeconfig(layout, layout.kubeconfig, f"https://127.0.0.1:{port}", "admin")


def _write_kubeconfig(layout: ClusterLayout, file: Path, server: str, user: str) -> None:
    rows = (line.split(",") for line in (layout.keys / "tokens.csv").read_text(encoding="utf-8").splitlines())
    token = next(row[0] for row in rows if row[2] == user)
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": "sandbox",
                "cluster": {"server": server, "certificate-authority": str((layout.keys / "ca.crt").resolve())},
            }
        ],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": "sandbox", "context": {"cluster": "sandbox", "user": user}}],
        "current-context": "sandbox",
    }
    _write(file, yaml.safe_dump(content, sort_keys=False).encode())


def _unsigned(
    subject: x509.Name, issuer: x509.Name, key: rsa.RSAPrivateKey, valid: datetime.timedelta = VALID
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + valid)
    )


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _write(file: Path, content: bytes) -> None:
    file.touch(mode=0o600)
    file.write_bytes(content)
