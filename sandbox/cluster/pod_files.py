"""The files of a pod's volumes, and those of its own `/etc`, in a folder of this machine that only its user may read."""

from __future__ import annotations

import ipaddress
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from sandbox.cluster.api_server import Object
from sandbox.cluster.keys import REGISTRIES
from sandbox.cluster.network import HOST, POD_NETWORK

SERVICE_NAME = "kubernetes.io/service-name"
DOMAIN = "cluster.local"
#: Link to the files of a volume as they are now.
DATA = "..data"
_NETWORK = ipaddress.ip_network(POD_NETWORK)


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Makes the folder hold these files and no others, all at once, as a kubelet does: no key beside an older
    certificate.

    The files are links into a folder behind one link, which is turned. Nothing is touched when nothing has changed.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    data = folder / DATA
    if data.exists() and _content(data) == files:
        return
    before = data.resolve()
    fresh = Path(tempfile.mkdtemp(prefix="..", dir=folder))
    for path, content in files.items():
        file = fresh / path
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.touch(mode=0o600)
        file.write_bytes(content)
    turned = folder / f"{DATA}.new"
    turned.symlink_to(fresh.name)
    turned.replace(data)
    _link(folder, {path.partition("/")[0] for path in files})
    if before != data:
        shutil.rmtree(before)


def _link(folder: Path, names: set[str]) -> None:
    there = {one.name for one in folder.iterdir() if not one.name.startswith("..")}
    for name in names - there:
        (folder / name).symlink_to(f"{DATA}/{name}")
    for name in there - names:
        (folder / name).unlink()


def _content(folder: Path) -> dict[str, bytes]:
    held = folder.resolve()
    return {str(one.relative_to(held)): one.read_bytes() for one in held.rglob("*") if one.is_file()}


def etc_files(pod: Object, address: str, slices: Iterable[Object], authority: bytes) -> dict[str, bytes]:
    """What a program finds in /etc. In place of DNS, `hosts` names each Service by its pods: right where both have the same port.

    Knative's activator finds the autoscaler by name, and is not ready before. The registries are found in the sandbox's stand-in,
    whose certificate is of `authority`.
    """
    metadata = pod["metadata"]
    hosts = [f"127.0.0.1 localhost\n{address} {metadata['name']}\n{HOST} kubernetes.default.svc\n", *_hosts(slices)]
    hosts.append(f"{HOST} {' '.join(REGISTRIES)}\n")
    resolver = f"search {metadata['namespace']}.svc.{DOMAIN} svc.{DOMAIN} {DOMAIN}\nnameserver {HOST}\n"
    return {
        "hosts": "".join(hosts).encode(),
        "resolv.conf": resolver.encode(),
        "passwd": b"root:x:0:0:root:/tmp:/sbin/nologin\n",
        "group": b"root:x:0:\n",
        # where programs in Go look first
        "ssl/certs/ca-certificates.crt": authority,
    }


def _hosts(slices: Iterable[Object]) -> list[str]:
    lines = []
    for one in slices:
        metadata = one["metadata"]
        name = metadata.get("labels", {}).get(SERVICE_NAME)
        if name is None:
            continue
        short = f"{name}.{metadata['namespace']}"
        names = f"{short}.svc.{DOMAIN} {short}.svc {short}"
        for endpoint in one.get("endpoints") or ():
            if endpoint.get("conditions", {}).get("ready") is not False:
                # at other addresses nothing answers
                lines += [f"{address} {names}\n" for address in endpoint["addresses"] if _is_local(address)]
    return sorted(lines)


def _is_local(address: str) -> bool:
    return ipaddress.ip_address(address) in _NETWORK
