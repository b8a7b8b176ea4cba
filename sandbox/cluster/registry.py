"""Stands in for the registries of images: knows every tag, by a digest that is made of its name. It holds no image.

Knative's controller asks a registry for the digest of an image that is named by tag only. Pods find this one under the names of
the registries, since their /etc/hosts leads there, and trust its certificate.
"""

from __future__ import annotations

import hashlib
import json
import re

from sandbox.cluster.https_server import QuietHandler, make_server
from sandbox.cluster.keys import read_signed
from sandbox.cluster.layout import ClusterLayout
from sandbox.cluster.network import HOST

PORT = 443
MANIFEST = re.compile(r"/v2/(?P<name>.+)/manifests/(?P<tag>[^/]+)")
KIND = "application/vnd.oci.image.index.v1+json"


def digest_of(host: str, name: str, tag: str) -> str:
    """The digest of an image: the same for the same name and tag."""
    return f"sha256:{hashlib.sha256(f'{host}/{name}:{tag}'.encode()).hexdigest()}"


class _Handler(QuietHandler):
    def do_HEAD(self) -> None:  # noqa: N802
        """What GET answers, without the manifest."""
        self.do_GET()

    def do_GET(self) -> None:  # noqa: N802
        """The API of a registry, as far as one asks for the digest of a tag (OCI distribution specification 1.1)."""
        if self.path == "/v2/":
            self.answer(b"{}", "application/json")
        elif found := MANIFEST.fullmatch(self.path):
            digest = digest_of(self.headers.get("Host", ""), found["name"], found["tag"])
            self.answer(b"{}", KIND, headers={"Docker-Content-Digest": digest})
        else:
            self.answer(json.dumps({"errors": [{"code": "UNSUPPORTED"}]}).encode(), "application/json", status=404)


def main() -> None:
    """Serves until it is killed."""
    layout = ClusterLayout.of_command_line()
    make_server(HOST, PORT, read_signed(layout.keys / "registry"), _Handler).serve_forever()


if __name__ == "__main__":
    main()
