"""The programs of the cluster, each built once from the Go modules that `modules/` pins by version and checksum."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sandbox.paths import Layout
from sandbox.upstream.go_modules import fetch_all
from sandbox.upstream.go_programs import STRIPPED, go_program
from sandbox.upstream.helm import helm_program

MODULES = Path(__file__).parent / "modules"
#: Version of the control plane: the newest patch release of 1.35 in the module proxy (2026-11-26).
KUBERNETES_VERSION = "v1.35.3"
_MAJOR, _MINOR, _ = KUBERNETES_VERSION.removeprefix("v").split(".")
#: Without these a program takes itself for v0.0.0-master, and Helm and Knative refuse it.
_VERSIONED = (
    "-ldflags=-w -s "
    f"-X k8s.io/component-base/version.gitVersion={KUBERNETES_VERSION} "
    f"-X k8s.io/component-base/version.gitMajor={_MAJOR} -X k8s.io/component-base/version.gitMinor={_MINOR} "
    f"-X k8s.io/client-go/pkg/version.gitVersion={KUBERNETES_VERSION}",
)


@dataclass(frozen=True, slots=True)
class Program:
    """A program: folder of its wrapper module, Go package, flags of the build."""

    module: str
    package: str
    flags: tuple[str, ...] = STRIPPED


#: In the order in which they are built: those of one module after each other, since they share most of their packages.
PROGRAMS = {
    "etcd": Program("etcd", "go.etcd.io/etcd/server/v3"),
    **{
        name: Program("kubernetes", f"k8s.io/kubernetes/cmd/{name}", _VERSIONED)
        for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl")
    },
    "kwok": Program("kwok", "sigs.k8s.io/kwok/cmd/kwok"),
    **{
        f"knative-{name}": Program("knative", f"knative.dev/serving/cmd/{name}")
        for name in ("controller", "webhook", "autoscaler", "activator")
    },
    "knative-operator": Program("knative_operator", "knative.dev/operator/cmd/operator"),
    "knative-operator-webhook": Program("knative_operator", "knative.dev/operator/cmd/webhook"),
    "kyverno": Program("kyverno", "github.com/kyverno/kyverno/cmd/kyverno"),
    "kyverno-reports-controller": Program("kyverno", "github.com/kyverno/kyverno/cmd/reports-controller"),
    "kserve-manager": Program("kserve", "github.com/kserve/kserve/cmd/manager"),
}


def program(name: str) -> Path:
    """The program's file, built now if it must be. Raises SetupError with the end of the build's log."""
    wanted = PROGRAMS[name]
    return go_program(Layout(), MODULES / wanted.module, wanted.package, name=name, flags=wanted.flags)


def build_all() -> None:
    """Builds what is missing, one after the other: each uses all cores. The first time this takes about half an hour.

    Also gets what is not compiled: programs of the cluster read it where there is no network. Raises SetupError.
    """
    for name in PROGRAMS:
        program(name)
    helm_program()
    fetch_all()
