"""Builds Open Policy Agent and runs it as the pod does: with its arguments, on files that are mounted as Kubernetes mounts them.

Built from the modules that `tests/tools/opa/` pins, in the image's version. The Envoy plug-in's own module cannot be had, and
`shim.py` plays it. Who has a released program of the plug-in names it in OPA_ENVOY: that is run then, and `shim.py` is not.
"""

from __future__ import annotations

import contextlib
import json
import os
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.kubernetes.authorization_pod import KEYS_FILE, make_arguments
from components.kubernetes.authorization_policy import CONFIGURATION_FILE, DECISION
from sandbox.paths import Layout
from sandbox.upstream.go_programs import go_program
from tests.tools.servers import free_port, running, wait_until_up

PACKAGE = "github.com/open-policy-agent/opa"
SOURCE = Path(__file__).parent.parent / "opa"
#: The released program with the plug-in, where there is one.
WITH_PLUGIN = os.environ.get("OPA_ENVOY")


@dataclass(frozen=True)
class Opa:
    """A running OPA. `api` is its HTTP API; `ext_authz` the plug-in's port, which only a program with the plug-in listens on."""

    api: str
    ext_authz: int
    keys: Path
    log: Path

    def decide(self, document: Mapping[str, Any]) -> Any:
        """The policy's answer to an input document, through the HTTP API."""
        question = json.dumps({"input": document}).encode()
        address, kind = f"{self.api}/v1/data/{DECISION}", {"Content-Type": "application/json"}
        request = urllib.request.Request(address, question, kind)  # noqa: S310 - ours
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - ours
            return json.load(answer)["result"]

    def replace_keys(self, keys: Mapping[str, Any]) -> None:
        """Mounts a new version of the secret."""
        mount(self.keys, {KEYS_FILE: json.dumps(keys)})


def program(layout: Layout) -> Path:
    """OPA; builds it when its pins have changed. Raises SetupError."""
    return Path(WITH_PLUGIN) if WITH_PLUGIN else go_program(layout, SOURCE, PACKAGE)


def mount(folder: Path, files: Mapping[str, str]) -> None:
    """Writes files as the kubelet does: real ones in a new folder, then one link that changes them all at once."""
    folder.mkdir(exist_ok=True)
    version = folder / f"..{len(list(folder.glob('..[0-9]*')))}"
    version.mkdir()
    for name, content in files.items():
        (version / name).write_text(content, encoding="utf-8")
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(f"..data/{name}")
    link = folder / "..data_tmp"
    link.symlink_to(version.name)
    link.replace(folder / "..data")


@contextlib.contextmanager
def serve(opa: Path, folder: Path, files: Mapping[str, str], keys: Mapping[str, Any]) -> Iterator[Opa]:
    """Runs OPA on the ConfigMap's files and the secret's content, with the pod's arguments but for the addresses."""
    api, diagnostic, ext_authz = (free_port() for _ in range(3))
    configuration = json.loads(files[CONFIGURATION_FILE])
    if WITH_PLUGIN:
        configuration["plugins"]["envoy_ext_authz_grpc"]["addr"] = f"127.0.0.1:{ext_authz}"
    else:
        del configuration["plugins"]
    started = Opa(f"http://127.0.0.1:{api}", ext_authz, folder / "keys", folder / "log")
    mount(folder / "policy", {**files, CONFIGURATION_FILE: json.dumps(configuration)})
    started.replace_keys(keys)
    addresses = (f"127.0.0.1:{api}", f"127.0.0.1:{diagnostic}")
    arguments = make_arguments(str(folder / "policy"), str(started.keys), addresses)
    with running([opa, *arguments], started.log) as server:
        wait_until_up(server, f"http://127.0.0.1:{diagnostic}/health?plugins", started.log)
        yield started
