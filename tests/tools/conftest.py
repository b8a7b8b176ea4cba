"""Fixtures of the tests that run other real tools."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from typer.testing import CliRunner

from components.google.weights_loader.__main__ import app
from sandbox.paths import ROOT, Layout
from sandbox.progress import SetupError
from tests.tools import fake_gcs
from tests.tools.proxy import Proxy, proxy_to

LOADER = "components.google.weights_loader"

#: Longer than any load of these tests takes.
LOAD_SECONDS = 60


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of one fake-gcs-server for all tests."""
    try:
        program = fake_gcs.build(Layout())
    except SetupError as error:
        pytest.fail(str(error), pytrace=False)
    with fake_gcs.serve(program, tmp_path_factory.mktemp("fake-gcs") / "log") as address:
        yield address


@dataclass(frozen=True)
class Answer:
    """How a run of the loader ended."""

    returncode: int
    stdout: str
    stderr: str


@dataclass
class Cloud:
    """Buckets of one test, and the loader as a program before them."""

    client: storage.Client
    proxy: Proxy
    model_bucket: str
    source_bucket: str
    env: dict[str, str] = field(default_factory=dict)

    def put(self, bucket: str, objects: dict[str, bytes]) -> None:
        for name, content in objects.items():
            self.client.bucket(bucket).blob(name).upload_from_string(content)

    def objects(self, prefix: str = "") -> dict[str, bytes]:
        """What the model bucket holds."""
        return {b.name: b.download_as_bytes() for b in self.client.list_blobs(self.model_bucket, prefix=prefix)}

    def manifest(self, prefix: str) -> dict[str, object]:
        return json.loads(self.client.bucket(self.model_bucket).blob(f"{prefix}manifest.json").download_as_bytes())

    def arguments(self, source: str, *more: str) -> list[str]:
        return ["--source", source, "--bucket", self.model_bucket, "--checkpoint", "google/gemma-tiny", *more]

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "GOOGLE_"))}
        return {**kept, "STORAGE_EMULATOR_HOST": self.proxy.url, "PYTHONWARNINGS": "ignore", **self.env}

    def load(self, source: str, *more: str) -> Answer:
        """Run the loader to its end in this process; what it asked of the service is in `proxy.requests`, from this run only."""
        self.proxy.requests.clear()
        result = CliRunner().invoke(app, self.arguments(source, *more), env=self.environment())
        return Answer(result.exit_code, result.stdout, result.stderr)

    def load_as_program(self, source: str, *more: str, module: str = LOADER, folder: Path = ROOT) -> Answer:
        """The same as a process of its own, started in `folder`."""
        self.proxy.requests.clear()
        done = subprocess.run(
            [sys.executable, "-m", module, *self.arguments(source, *more)],
            cwd=folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=LOAD_SECONDS,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def start(self, source: str, *more: str) -> subprocess.Popen[str]:
        """Start the loader; the caller ends it."""
        return subprocess.Popen(
            [sys.executable, "-m", LOADER, *self.arguments(source, *more)],
            cwd=ROOT,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


@pytest.fixture
def cloud(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """Two fresh buckets, and a proxy that sees what the loader asks."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", server)
    client = storage.Client(project="test", credentials=AnonymousCredentials())
    mark = uuid.uuid4().hex[:12]
    with proxy_to(server) as proxy:
        made = Cloud(client, proxy, f"models-{mark}", f"garden-{mark}")
        for bucket in (made.model_bucket, made.source_bucket):
            client.create_bucket(bucket)
        yield made
