"""The restore drill through the real engine: a state that is lost, damaged, or older than the cloud, and `preview` afterwards.

On the file backend, and on a real object-store server behind Pulumi's own gs:// backend, whose object versions are the copies.
Beyond it: Google's soft delete and permissions, which that server does not have.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from sandbox.instance import Instance
from sandbox.paths import ROOT, Layout
from sandbox.progress import SetupError
from tests.sandbox.harness import NEVER_INTERACTIVE, Sandbox
from tests.tools import fake_gcs

FILE = ".pulumi/stacks/gemma-platform/dev.json"
BUCKET = "example-state"
SETTING, CHANGED = "cost_center: cc-0001", "cost_center: cc-0002"


@dataclass
class Backend:
    """A backend with dev in it, and how the engine and `.ci/restore-state` reach it.

    `engine` is made once: the harness would make a stack anew that it does not find.
    """

    sandbox: Sandbox
    url: str
    read: Callable[[], bytes]
    write: Callable[[bytes], object]
    remove: Callable[[], None]
    engine: dict[str, str]
    client: dict[str, str] = field(default_factory=dict)

    def pulumi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        env = {**self.engine, "PULUMI_BACKEND_URL": self.url}
        command = [self.sandbox.instance.pulumi(), *arguments, "--stack", "dev", *NEVER_INTERACTIVE]
        return subprocess.run(command, cwd=self.sandbox.project, env=env, capture_output=True, text=True, timeout=300)

    def unchanged(self) -> bool:
        """True where a preview finds state, cloud and settings the same."""
        return self.pulumi("preview", "--expect-no-changes").returncode == 0

    def broken(self) -> str:
        """What the engine says of a state that it cannot read."""
        answer = self.pulumi("stack", "export")
        assert answer.returncode != 0
        return answer.stderr

    def restore(self, *more: str) -> str:
        command = [str(ROOT / ".ci" / "restore-state"), "--env", "dev", "--backend", self.url, *more]
        env = {**os.environ, **self.client}
        answer = subprocess.run(command, env=env, capture_output=True, text=True)
        assert answer.returncode == 0, answer.stdout + answer.stderr
        return answer.stdout


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """dev as it was updated twice, so that its state has a history."""
    sandbox = Sandbox.create(tmp_path_factory.mktemp("drill"))
    for change in (None, (SETTING, CHANGED)):
        if change:
            sandbox.edit("Pulumi.dev.yaml", *change)
        result = sandbox.up("dev")
        assert result.exit_code == 0, result.output
    return sandbox


def copy_of(deployed: Sandbox, folder: Path) -> Sandbox:
    shutil.copytree(deployed.instance.folder, folder / "instance")
    shutil.copytree(deployed.project, folder / "project", symlinks=True)
    return Sandbox(folder / "project", Instance(folder / "instance"))


@pytest.fixture
def on_files(deployed: Sandbox, tmp_path: Path) -> Backend:
    sandbox = copy_of(deployed, tmp_path)
    file = sandbox.instance.state / FILE
    return Backend(
        sandbox, sandbox.instance.state.as_uri(), file.read_bytes, file.write_bytes, file.unlink, sandbox.environ()
    )


@pytest.fixture(scope="module")
def object_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    try:
        program = fake_gcs.build(Layout())
    except SetupError as error:
        pytest.fail(str(error), pytrace=False)
    with fake_gcs.serve(program, tmp_path_factory.mktemp("object-store") / "log") as address:
        yield address


@pytest.fixture
def on_bucket(deployed: Sandbox, tmp_path: Path, object_store: str, monkeypatch: pytest.MonkeyPatch) -> Backend:
    """The same state in a versioned bucket, moved there as docs/state.md says."""
    sandbox = copy_of(deployed, tmp_path)
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", object_store)
    client = storage.Client(project="test", credentials=AnonymousCredentials())
    bucket = client.bucket(f"{BUCKET}-{tmp_path.name.replace('_', '-')[-20:].strip('-')}")
    bucket.versioning_enabled = True
    client.create_bucket(bucket)
    # the engine's library wants the host alone, Google's own the whole address; neither looks at who asks
    engine = {
        **sandbox.environ(),
        "STORAGE_EMULATOR_HOST": object_store.removeprefix("http://"),
        "GOOGLE_OAUTH_ACCESS_TOKEN": "none",
    }

    def blob() -> storage.Blob:
        """Fresh each time: one that has been read stands for the version that it read."""
        return bucket.blob(FILE)

    backend = Backend(
        sandbox,
        f"gs://{bucket.name}",
        lambda: blob().download_as_bytes(),
        lambda content: blob().upload_from_string(content),
        lambda: blob().delete(),
        engine,
        {"STORAGE_EMULATOR_HOST": object_store},
    )
    exported = tmp_path / "dev.json"
    sandbox.pulumi("stack", "export", "--stack", "dev", "--file", str(exported), check=True)
    for command in (["stack", "init"], ["stack", "import", "--file", str(exported)], ["up", "--yes", "--skip-preview"]):
        answer = backend.pulumi(*command)
        assert answer.returncode == 0, answer.stdout + answer.stderr
    return backend


FILES = pytest.param("on_files", marks=pytest.mark.slow)
VERSIONS = pytest.param("on_bucket", marks=[pytest.mark.slow, pytest.mark.tools])


@pytest.mark.parametrize("kind", [FILES, VERSIONS])
def test_a_lost_state_comes_back_and_nothing_would_change(kind: str, request: pytest.FixtureRequest) -> None:
    backend: Backend = request.getfixturevalue(kind)
    before = backend.read()
    backend.remove()
    assert "no stack named 'dev' found" in backend.broken()
    said = backend.restore("--apply")
    assert "is lost" in said
    assert backend.read() == before
    assert backend.unchanged()


@pytest.mark.parametrize("kind", [FILES, VERSIONS])
def test_a_damaged_state_comes_back_and_nothing_would_change(kind: str, request: pytest.FixtureRequest) -> None:
    backend: Backend = request.getfixturevalue(kind)
    before = backend.read()
    backend.write(before[: len(before) // 2])
    assert "unexpected end of JSON input" in backend.broken()
    said = backend.restore("--apply")
    assert "is no whole checkpoint" in said
    assert backend.read() == before
    assert backend.unchanged()


@pytest.mark.slow
def test_a_state_that_is_older_than_the_cloud_takes_over_what_differs(on_files: Backend) -> None:
    """The checkpoint of the update before the last: the cloud has values of the last one, which a refresh takes over."""
    history = sorted(on_files.sandbox.instance.state.glob(".pulumi/history/gemma-platform/dev/*.checkpoint.json"))
    older = history[0].relative_to(on_files.sandbox.instance.state).as_posix()
    on_files.restore("--copy", older, "--apply")
    look = on_files.pulumi("refresh", "--preview-only", "--expect-no-changes")
    assert look.returncode != 0
    assert "to update" in look.stdout
    assert not on_files.unchanged()
    assert on_files.pulumi("refresh", "--yes", "--skip-preview").returncode == 0
    assert on_files.unchanged()
