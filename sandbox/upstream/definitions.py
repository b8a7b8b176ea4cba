"""Where the definitions of custom kinds come from: files of upstream modules, read when needed and never committed.

Some of the kinds that GKE brings along are in no module: for those the stand-in's own tables of their documented fields count
(sandbox/providers/kubernetes/kinds), which are closed as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from components.kubernetes.versions import KNATIVE_SERVING
from sandbox.providers.kubernetes.kind_tables import definitions_of_groups
from sandbox.upstream.go_modules import module_folder


@dataclass(frozen=True, slots=True)
class Source:
    """Files of a module that hold definitions; `files` are globs below its folder."""

    module: str
    files: tuple[str, ...]


SOURCES_OF_STACK = (
    Source(
        "github.com/kserve/kserve",
        (
            "config/crd/full/serving.kserve.io_*.yaml",
            "config/crd/full/clusterstoragecontainer/serving.kserve.io_*.yaml",
        ),
    ),
    Source(
        "knative.dev/operator",
        (
            f"cmd/operator/kodata/knative-serving/{KNATIVE_SERVING}/1-serving-crds.yaml",
            "config/crd/bases/operator.knative.dev_*.yaml",
        ),
    ),
    Source("github.com/cert-manager/cert-manager", ("deploy/crds/*.yaml",)),
    Source("github.com/kedacore/keda/v2", ("config/crd/bases/keda.sh_*.yaml",)),
    # only the policies that Kyverno keeps: it drops the kinds of kyverno.io
    Source("github.com/kyverno/kyverno", ("config/crds/policies.kyverno.io/*.yaml",)),
)
#: Of kinds that GKE installs: Gateway API, Managed Service for Prometheus and the Secret Manager add-on.
SOURCES_OF_GKE = (
    # GKE brings its own release of these. One from before Kubernetes 1.34: the API only grows, and no GKE 1.35 has less
    Source("sigs.k8s.io/gateway-api", ("config/crd/standard/gateway.networking.k8s.io_*.yaml",)),
    Source("github.com/GoogleCloudPlatform/prometheus-engine", ("charts/operator/crds/*.yaml",)),
    Source("sigs.k8s.io/secrets-store-csi-driver", ("config/crd/bases/*.yaml",)),
)

SOURCES = (*SOURCES_OF_STACK, *SOURCES_OF_GKE)

#: Groups of GKE whose definitions no module carries (github.com/GoogleCloudPlatform/gke-gateway-api is not served, 2026-11-25).
TABLED = ("cloud.google.com", "networking.gke.io")


def tabled_definitions() -> Iterator[dict[str, Any]]:
    """The definitions of GKE's kinds whose fields a table lists; a kind that is only known by its name is not among them."""
    for definition in definitions_of_groups(*TABLED):
        schemas = [version["schema"]["openAPIV3Schema"] for version in definition["spec"]["versions"]]
        if all("properties" in schema for schema in schemas):
            yield definition


def definitions() -> Iterator[dict[str, Any]]:
    """Every CustomResourceDefinition of the sources; AssertionError when a glob finds no file."""
    yield from _definitions(SOURCES)


def definitions_of_gke() -> Iterator[dict[str, Any]]:
    """Those of the kinds that GKE installs and a module carries."""
    yield from _definitions(SOURCES_OF_GKE)


def _definitions(sources: Iterable[Source]) -> Iterator[dict[str, Any]]:
    for source in sources:
        folder = module_folder(source.module)
        for pattern in source.files:
            files = sorted(folder.glob(pattern))
            assert files, f"{source.module} has no {pattern} any more"
            for file in files:
                yield from _definitions_in(file)


def _definitions_in(file: Path) -> Iterator[dict[str, Any]]:
    # the loader in C: a definition of KServe's has 2 MB
    for document in yaml.load_all(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader):
        if isinstance(document, dict) and document.get("kind") == "CustomResourceDefinition":
            yield document
