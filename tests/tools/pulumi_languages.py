"""What other languages than Python need: their language hosts, and the SDKs of a package in them.

`pulumi_languages/` pins them, at the engine's own version where Go's module proxy has it. It has Pulumi's hosts of Node.js and
Go in an older release only (`pulumi_languages/hosts`), which runs programs; it can neither install nor generate anything.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from sandbox.engine_setup import read_pin
from sandbox.paths import Layout
from sandbox.upstream.go_programs import go_program

SOURCE = Path(__file__).parent / "pulumi_languages"
GENERATOR = "pulumi-sdk-generator"
YAML = "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml"
HOSTS = {
    "go": "github.com/pulumi/pulumi/sdk/v3/go/pulumi-language-go",
    "nodejs": "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
}
VERSION = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"

#: Longer than a generation takes.
GENERATE_SECONDS = 120

Language = Literal["nodejs", "go", "python"]


@dataclass(frozen=True)
class WithLanguages(Layout):
    """The set-up's layout with an engine that has further language hosts beside it; made by `with_hosts`."""

    programs: Path = Path()

    def engine_programs(self) -> Path:
        """The folder of the engine with its hosts."""
        return self.programs


@cache
def yaml_host() -> Path:
    """Pulumi's language host of YAML programs, built when it is not there yet. Raises SetupError without Go."""
    version = f"-X {VERSION}=v{read_pin(Layout()).version}"
    return go_program(Layout(), SOURCE, YAML, flags=("-tags=osusergo,grpcnotrace", f"-ldflags=-w -s {version}"))


@cache
def program_host(language: Literal["nodejs", "go"]) -> Path:
    """Pulumi's language host of Node.js or Go, of an older release. Raises SetupError without Go."""
    return go_program(Layout(), SOURCE / "hosts", HOSTS[language])


def with_hosts(folder: Path, *hosts: Path) -> WithLanguages:
    """The engine in a folder of its own with these hosts beside it, where it looks for them.

    They are hard links where they can be: the engine follows symbolic ones, and then looks beside what they name.
    """
    folder.mkdir(parents=True)
    programs = {program.name: program for program in Layout().engine_programs().iterdir()}
    # what was built carries in its name what it was built from
    programs |= {program.name.rpartition("-")[0]: program for program in hosts}
    for name, program in programs.items():
        _link(program, folder / name)
    return WithLanguages(programs=folder)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


def generate_sdk(language: Language, schema_file: Path, out_dir: Path) -> None:
    """Write the SDK of the package that a schema describes. An AssertionError carries what the generator says."""
    command = [_generator(), language, schema_file, out_dir]
    done = subprocess.run(command, capture_output=True, text=True, timeout=GENERATE_SECONDS)
    assert done.returncode == 0, done.stderr


@cache
def _generator() -> Path:
    # the flag makes the program's own text part of what it was built from
    text = hashlib.sha256((SOURCE / GENERATOR / "main.go").read_bytes()).hexdigest()[:12]
    package = f"example.invalid/gemma-platform/pulumi-languages/{GENERATOR}"
    return go_program(
        Layout(), SOURCE, package, flags=("-tags=osusergo,grpcnotrace", f"-ldflags=-w -s -X main.text={text}")
    )
