"""Which images our kubelet can run: those of controllers whose programs were built here from the same release. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: Where an image of ko carries the files beside its program.
KO_DATA = "/var/run/ko"


@dataclass(frozen=True, slots=True)
class ControllerProgram:
    """What stands in for an image."""

    name: str
    """Name in `programs.PROGRAMS`; of no meaning with a module of Python's."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Variables that the image sets, and what lets it ask faster than it would."""
    module_data: tuple[str, str, str] | None = None
    """Files that the image carries: Go module, folder in it, and where the image has them."""
    python_module: str | None = None
    """A module of the sandbox's own that stands in, where the program cannot be built here."""
    background: bool = False
    """Runs in the time that the others leave over: nobody waits for it."""


#: Knative's programs may ask the API server as often as they can here, where nobody else waits. By themselves they hold back: the
#: operator made an update from nothing wait 20 seconds longer (knative.dev/pkg environment/client_config.go, 2026-07).
UNHINDERED = {"KUBE_API_QPS": "200", "KUBE_API_BURST": "400"}
#: By the end of the image's repository path, so that a mirror's image is found too.
CONTROLLERS = {
    **{
        f"serving/cmd/{one}": ControllerProgram(f"knative-{one}", UNHINDERED)
        for one in ("controller", "webhook", "autoscaler", "activator")
    },
    "operator/cmd/operator": ControllerProgram(
        "knative-operator",
        {"KO_DATA_PATH": KO_DATA, **UNHINDERED},
        ("knative.dev/operator", "cmd/operator/kodata", KO_DATA),
    ),
    "operator/cmd/webhook": ControllerProgram("knative-operator-webhook", UNHINDERED),
    "kyverno/kyverno": ControllerProgram("kyverno"),
    # it compiles each policy anew for each object that changes: a third of a core while a stack comes up
    "kyverno/reports-controller": ControllerProgram("kyverno-reports-controller", background=True),
    "kserve/kserve-controller": ControllerProgram("kserve-manager"),
    # cert-manager's programs are nested modules, which the module proxy does not have
    "jetstack/cert-manager-webhook": ControllerProgram("python", python_module="sandbox.cluster.admit_all"),
}


def controller_program(image: str) -> ControllerProgram | None:
    """The program of an image reference with tag, digest, both or neither; None for one that was not built here."""
    path = image.partition("@")[0]
    folder, _, last = path.rpartition("/")
    # a colon before the last slash belongs to the registry's port
    path = f"/{folder}/{last.partition(':')[0]}"
    return next((found for end, found in CONTROLLERS.items() if path.endswith(f"/{end}")), None)
