"""One instance of the sandbox: its stacks' state, its cloud and its settings, and the environment of the engine.

How the working tree stays clean. With the passphrase provider the engine keeps a salt in `Pulumi.<env>.yaml`, and
writes it there on `stack init` and on every preview and update. The sandbox therefore gives the engine a copy of that
file (`--config-file`, through the variable PULUMI_OPTION_CONFIG_FILE), made anew from the tracked file before each
command, and the salt lives in the copy. The copy also leaves out a real secrets provider, such as a key of Google's
KMS, which the sandbox could not reach, and puts a placeholder where the tracked file has an encrypted value.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from sandbox.paths import Layout

PASSPHRASE = "sandbox"  # noqa: S105 - protects nothing: an instance holds no secret of anybody
SECRET_PLACEHOLDER = "sandbox-secret"  # noqa: S105
"""What the program gets for a configuration value that is encrypted in the tracked file."""

FOREIGN_PREFIXES = ("PULUMI_", "GOOGLE_", "GCLOUD_", "CLOUDSDK_", "SANDBOX_")
FOREIGN_NAMES = frozenset({"KUBECONFIG"})
"""Variables that could lead the engine or a provider to somebody's real login, cluster or state."""

SECRET_KEYS = ("encryptionsalt", "encryptedkey", "secretsprovider")


class SandboxError(Exception):
    """What the user can put right, as one sentence."""


@dataclass(frozen=True)
class Instance:
    """State, cloud and settings in one folder. Two instances share nothing but the programs that set-up made."""

    folder: Path
    layout: Layout = field(default_factory=Layout)
    kubeconfig: Path | None = None
    """Of the real API server that stands for the stack's cluster; None: the stand-in's files do."""

    @classmethod
    def named(cls, name: str) -> Instance:
        return cls(Layout().instances / name)

    @classmethod
    def in_use(cls) -> Instance:
        """That of the sandbox's shell, inside one; else the default one."""
        folder = os.environ.get("SANDBOX_INSTANCE")
        return cls(Path(folder)) if folder else cls.named("default")

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def cloud(self) -> Path:
        """Where the stand-ins keep what they "created"."""
        return self.folder / "cloud"

    def environ(self, base: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment of the engine: `base` without anything that leads to a real account, and the sandbox's own.

        Raises SandboxError when the sandbox is not set up.
        """
        base = os.environ if base is None else base
        kept = {
            name: value
            for name, value in base.items()
            if not name.startswith(FOREIGN_PREFIXES) and name not in FOREIGN_NAMES
        }
        for folder in (self.state, self.cloud):
            folder.mkdir(parents=True, exist_ok=True)
        try:
            programs = self.layout.engine_programs()
        except FileNotFoundError as error:
            raise SandboxError(str(error)) from None
        return kept | {
            "PATH": os.pathsep.join([str(programs), base.get("PATH", os.defpath)]),
            "PULUMI_HOME": str(self.layout.home),
            "PULUMI_BACKEND_URL": self.state.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
            "PULUMI_DISABLE_REGISTRY_RESOLVE": "true",
            "PULUMI_ERROR_OUTPUT_STRING": "true",
            # Should the copy of the settings be lost, its salt comes back from the state.
            "PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER": "true",
            "SANDBOX_CLOUD": str(self.cloud),
            "SANDBOX_INSTANCE": str(self.folder),
            **({"SANDBOX_CLUSTER": str(self.kubeconfig)} if self.kubeconfig else {}),
        }

    def pulumi(self) -> str:
        """The real engine's program."""
        return str(self.layout.engine_programs() / "pulumi")

    def stack_environ(self, project: Path, stack: str) -> dict[str, str]:
        """`environ` with the settings of `stack`, which is created when it does not exist yet.

        Raises SandboxError when the project has no such environment or the engine cannot create the stack.
        """
        settings = self.write_settings(project, stack)
        self._create_stack(settings.parent, project_name(project), stack)
        return self.environ() | {"PULUMI_OPTION_CONFIG_FILE": str(settings)}

    def write_settings(self, project: Path, stack: str) -> Path:
        """Make the engine's copy of `Pulumi.<stack>.yaml` from the tracked file, keeping the salt it has got so far."""
        tracked = check_environment(project, stack)
        name = project_name(project)
        folder = self.folder / "config" / name
        folder.mkdir(parents=True, exist_ok=True)
        _write_yaml(folder / "Pulumi.yaml", {"name": name, "runtime": "python"})
        copy = folder / tracked.name
        salt = (_read_yaml(copy) if copy.exists() else {}).get("encryptionsalt")
        _write_yaml(copy, _without_secrets(_read_yaml(tracked)) | ({"encryptionsalt": salt} if salt else {}))
        return copy

    def _create_stack(self, settings: Path, project: str, stack: str) -> None:
        if (self.state / ".pulumi" / "stacks" / project / f"{stack}.json").exists():
            return
        # In the folder of the copies: `stack init` has no --config-file and writes beside the Pulumi.yaml it finds.
        command = [self.pulumi(), "stack", "init", stack, "--no-select", "--non-interactive", "--color", "never"]
        answer = subprocess.run(command, cwd=settings, env=self.environ(), capture_output=True, text=True)
        if answer.returncode != 0:
            raise SandboxError(f"the engine cannot create the stack {stack}: {answer.stderr.strip()}")


def project_name(project: Path) -> str:
    """The name in Pulumi.yaml; raises SandboxError when there is none."""
    try:
        return str(_read_yaml(project / "Pulumi.yaml")["name"])
    except (OSError, KeyError):
        raise SandboxError(f"{project} has no Pulumi.yaml with a name") from None


def check_environment(project: Path, stack: str) -> Path:
    """The settings of an environment; raises SandboxError when the project has no such one."""
    tracked = project / f"Pulumi.{stack}.yaml"
    if not tracked.exists():
        raise SandboxError(f"no environment {stack!r}: {project} has {_environments(project)}")
    return tracked


def _environments(project: Path) -> str:
    names = sorted(path.name.split(".")[1] for path in project.glob("Pulumi.*.yaml"))
    return ", ".join(names) or "no Pulumi.<environment>.yaml at all"


def _without_secrets(settings: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in settings.items() if key not in SECRET_KEYS}
    return {key: _with_placeholders(value) for key, value in kept.items()}


def _with_placeholders(value: Any) -> Any:
    """`value` with a placeholder for each `{secure: ...}`, which only the real secrets provider could decrypt."""
    if isinstance(value, dict):
        if set(value) == {"secure"}:
            return SECRET_PLACEHOLDER
        return {key: _with_placeholders(item) for key, item in value.items()}
    return [_with_placeholders(item) for item in value] if isinstance(value, list) else value


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        raise SandboxError(f"{path} is not valid YAML: {error}") from None


def _write_yaml(path: Path, content: dict[str, Any]) -> None:
    scratch = path.with_name(f"{path.name}.{os.getpid()}.part")
    scratch.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")
    scratch.replace(path)
