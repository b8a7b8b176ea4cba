"""Where a cluster keeps its things: everything in one folder, which `make cluster-down` removes."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from sandbox.paths import Layout


@dataclass(frozen=True, slots=True)
class ClusterLayout:
    """The files of one cluster."""

    folder: Path

    @classmethod
    def named(cls, name: str) -> ClusterLayout:
        """The cluster of an environment."""
        return cls(Layout().private / "clusters" / name)

    @classmethod
    def of_command_line(cls) -> ClusterLayout:
        """The one that a component's `--folder` names."""
        parser = argparse.ArgumentParser()
        parser.add_argument("--folder", type=Path, required=True, help="folder of the cluster")
        return cls(parser.parse_args().folder)

    @property
    def kubeconfig(self) -> Path:
        """For everybody on this machine: its server is an address of the loopback interface."""
        return self.folder / "kubeconfig"

    @property
    def inside_kubeconfig(self) -> Path:
        """For processes in the cluster's network."""
        return self.folder / "inside.kubeconfig"

    @property
    def lock(self) -> Path:
        """Held by whoever starts or ends the cluster."""
        return self.folder.with_name(f"{self.folder.name}.lock")

    @property
    def keys(self) -> Path:
        """Keys, certificates and tokens of this cluster alone."""
        return self.folder / "keys"

    @property
    def logs(self) -> Path:
        """One log for each component, and one for each pod that runs here."""
        return self.folder / "logs"

    @property
    def pods(self) -> Path:
        """Volumes of the pods that run here."""
        return self.folder / "pods"

    @property
    def state(self) -> Path:
        """What runs, as JSON: see `control_plane.State`."""
        return self.folder / "state.json"

    @property
    def instance(self) -> Path:
        """The sandbox's instance whose stack this cluster belongs to: its state, and the stand-ins' Google Cloud."""
        return self.folder / "instance"
