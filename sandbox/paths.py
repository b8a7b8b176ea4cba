"""Where the sandbox keeps its things. Standard library only: set-up uses it before the virtual environment exists."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Layout:
    """The files of one checkout. Everything that set-up makes is git-ignored: `.venv` and `.sandbox`."""

    root: Path = ROOT

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def private(self) -> Path:
        """All that is the sandbox's own; removing it loses nothing but time."""
        return self.root / ".sandbox"

    @property
    def home(self) -> Path:
        """The private PULUMI_HOME, which holds the stand-in providers. The user's own is never read or written."""
        return self.private / "home"

    @property
    def plugins(self) -> Path:
        return self.home / "plugins"

    @property
    def logs(self) -> Path:
        return self.private / "logs"

    @property
    def arguments(self) -> Path:
        """What the stand-ins keep of the SDKs' argument classes."""
        return self.private / "arguments"

    @property
    def lock(self) -> Path:
        return self.private / "setup.lock"

    @property
    def engine_source(self) -> Path:
        """The committed go.mod and go.sum from which the engine is built."""
        return self.root / "sandbox" / "engine"

    @property
    def engine(self) -> Path:
        """The engine that set-up built or downloaded."""
        return self.private / "engine"

    @property
    def engine_stamp(self) -> Path:
        """Says which engine is used, where its programs are and from which inputs it was made; written last."""
        return self.private / "engine.json"

    @property
    def shell_programs(self) -> Path:
        """The `pulumi` that the sandbox's shell finds first on PATH."""
        return self.private / "shell"

    @property
    def instances(self) -> Path:
        return self.private / "instances"

    def engine_programs(self) -> Path:
        """The folder of `pulumi` and its language hosts.

        Raises FileNotFoundError when set-up has not been finished.
        """
        try:
            folder = Path(json.loads(self.engine_stamp.read_text(encoding="utf-8"))["programs"])
        except (OSError, ValueError, KeyError):
            raise FileNotFoundError("the sandbox is not set up: run `make setup`") from None
        if not (folder / "pulumi").exists() or not self.python.exists():
            raise FileNotFoundError("the sandbox's set-up is not complete any more: run `make setup`")
        return folder
