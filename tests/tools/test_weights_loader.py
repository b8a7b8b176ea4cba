"""The weights loader as a program, against fake-gcs-server: what it copies, keeps, repairs, refuses and prints.

What fake-gcs-server does not do, and is therefore tested in tests/unit/google only: rewrites in several calls, preconditions
of rewrites, and refused credentials.
"""

from __future__ import annotations

import base64
import hashlib
import json
import signal
from collections.abc import Iterator
from pathlib import Path

import google_crc32c
import pytest

from components.google.weights_loader.hub_source import UPLOAD_BYTES
from sandbox.paths import ROOT
from tests.tools.conftest import Cloud
from tests.tools.fake_hub import FakeHub, serve_hub

pytestmark = pytest.mark.tools

COMMIT = "3e22461f65e89153144f8adb70e3b8c2cc9845a7"
MIB = 2**20
FILES = {
    "config.json": b'{"model_type": "gemma4"}\n',
    "empty.txt": b"",
    "model-00001-of-00003.safetensors": bytes(range(256)) * 4096,
    "model-00002-of-00003.safetensors": b"\x02" * (2 * MIB + 3),
    "model-00003-of-00003.safetensors": b"\x03" * MIB,
    "extra/tokenizer \u00e4.json": b"[1, 2, 3]",
}
FOLDER = "gemma4/tiny"


def crc32c(content: bytes) -> str:
    return base64.b64encode(google_crc32c.value(content).to_bytes(4, "big")).decode()


def expected_revision(files: dict[str, bytes]) -> str:
    lines = [f"{name}\t{len(content)}\t{crc32c(content)}\n" for name, content in sorted(files.items())]
    return f"sha256:{hashlib.sha256(''.join(lines).encode()).hexdigest()}"


REVISION = expected_revision(FILES)
PREFIX = f"google/gemma-tiny/{REVISION}/"


@pytest.fixture
def garden(cloud: Cloud) -> str:
    """A source bucket with a checkpoint in a folder, beside another that must not be touched."""
    cloud.put(cloud.source_bucket, {f"{FOLDER}/{name}": content for name, content in FILES.items()})
    cloud.put(cloud.source_bucket, {f"{FOLDER}/": b"", f"{FOLDER}-other/config.json": b"another checkpoint"})
    return f"gs://{cloud.source_bucket}/{FOLDER}"


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    lfs = {name for name in FILES if name.endswith(".safetensors")}
    with serve_hub(FakeHub("google/gemma-tiny", COMMIT, dict(FILES), lfs)) as served:
        yield served


def copied(cloud: Cloud) -> list[str]:
    """Names of the objects that the last run had copied by the service, or uploaded."""
    return sorted(
        request.partition("/o/")[2].partition("/rewriteTo/")[0].removeprefix(f"{FOLDER}/")
        for request in cloud.proxy.requests
        if "/rewriteTo/" in request
    )


def assert_complete(cloud: Cloud, prefix: str = PREFIX, files: dict[str, bytes] = FILES) -> None:
    found = cloud.objects()
    manifest = json.loads(found.pop(f"{prefix}manifest.json"))
    assert found == {prefix + name: content for name, content in files.items()}
    assert manifest["digest"] == expected_revision(files)
    assert manifest["objects"] == [
        {"name": name, "bytes": len(content), "crc32c": crc32c(content)} for name, content in sorted(files.items())
    ]


class TestFromABucket:
    def test_everything_is_copied_by_the_service_and_the_manifest_is_written_last(
        self, cloud: Cloud, garden: str
    ) -> None:
        answer = cloud.load_as_program(garden)
        assert answer.returncode == 0, answer.stderr
        assert_complete(cloud)
        assert copied(cloud) == sorted(FILES)
        assert "ifGenerationMatch=0" in cloud.proxy.writes()[-1]
        assert "/upload/" in cloud.proxy.writes()[-1]
        assert sum("/upload/" in request for request in cloud.proxy.requests) == 1  # no byte came through the loader
        assert "copied 6/6: " in answer.stdout
        assert "loaded: google/gemma-tiny" in answer.stdout

    def test_a_second_run_changes_nothing_and_says_so(self, cloud: Cloud, garden: str) -> None:
        cloud.load(garden)
        answer = cloud.load(garden)
        assert answer.returncode == 0
        assert "nothing to do: the manifest is there and its 6 objects with" in answer.stdout
        assert cloud.proxy.writes() == []

    def test_with_a_revision_a_second_run_does_not_even_ask_the_source(self, cloud: Cloud, garden: str) -> None:
        assert cloud.load_as_program(garden, "--revision", COMMIT).returncode == 0
        assert_complete(cloud, f"google/gemma-tiny/{COMMIT}/")
        answer = cloud.load_as_program(garden, "--revision", COMMIT)
        assert answer.returncode == 0
        assert not any(cloud.source_bucket in request for request in cloud.proxy.requests)
        assert len(cloud.proxy.requests) == 2, "the manifest and one listing"

    def test_a_dry_run_says_what_it_would_copy_and_writes_nothing(self, cloud: Cloud, garden: str) -> None:
        answer = cloud.load(garden, "--dry-run")
        assert answer.returncode == 0
        assert "would copy model-00002-of-00003.safetensors, 2,097,155 bytes" in answer.stdout
        assert cloud.proxy.writes() == []
        assert cloud.objects() == {}

    def test_killed_in_the_middle_it_leaves_no_manifest_and_then_copies_only_what_is_missing(
        self, cloud: Cloud, garden: str
    ) -> None:
        cloud.proxy.hold = lambda request: "rewriteTo" in request and "model-00002" in request
        loader = cloud.start(garden, "--parallel", "1")
        try:
            assert cloud.proxy.held.wait(30)
            # the next copy may be asked for before the line about the last one is printed
            assert any("copied 4/6: model-00001-of-00003.safetensors" in line for line in loader.stdout or ())
        finally:
            loader.send_signal(signal.SIGKILL)
            loader.communicate(timeout=30)
        assert PREFIX + "manifest.json" not in cloud.objects()
        assert len(cloud.objects()) == 4

        cloud.proxy.hold = lambda request: False
        answer = cloud.load(garden)
        assert answer.returncode == 0, answer.stderr
        assert "4 objects are kept, 2 with" in answer.stdout
        assert copied(cloud) == ["model-00002-of-00003.safetensors", "model-00003-of-00003.safetensors"]
        assert_complete(cloud)

    def test_a_damaged_object_of_an_unfinished_load_is_copied_anew(self, cloud: Cloud, garden: str) -> None:
        damaged = b"\x02" * (2 * MIB + 2) + b"\x00"  # the size alone would not show it
        cloud.put(cloud.model_bucket, {PREFIX + "model-00002-of-00003.safetensors": damaged})
        assert cloud.load(garden).returncode == 0
        assert_complete(cloud)

    @pytest.mark.parametrize("way", ["damaged", "removed"])
    def test_a_complete_checkpoint_that_lost_an_object_is_repaired(self, cloud: Cloud, garden: str, way: str) -> None:
        cloud.load(garden)
        name = "model-00003-of-00003.safetensors"
        if way == "damaged":
            cloud.put(cloud.model_bucket, {PREFIX + name: b"\x04" * MIB})
        else:
            cloud.client.bucket(cloud.model_bucket).delete_blob(PREFIX + name)
        answer = cloud.load(garden)
        assert answer.returncode == 0, answer.stderr
        assert f"1 of its objects are missing or differ: {name}" in answer.stdout
        assert "repaired: google/gemma-tiny" in answer.stdout
        assert copied(cloud) == [name]
        assert_complete(cloud)

    def test_an_object_that_is_wrong_after_the_copy_is_removed_and_no_manifest_is_written(
        self, cloud: Cloud, garden: str
    ) -> None:
        def damage(request: str) -> None:
            if "rewriteTo" in request and "model-00001" in request:
                cloud.put(cloud.model_bucket, {PREFIX + "model-00001-of-00003.safetensors": b"rot"})

        cloud.proxy.after = damage
        answer = cloud.load(garden, "--parallel", "1")
        assert answer.returncode == 5
        assert "model-00001-of-00003.safetensors has CRC32C" in answer.stderr
        assert "it was removed; run again" in answer.stderr
        assert PREFIX + "manifest.json" not in cloud.objects()
        assert PREFIX + "model-00001-of-00003.safetensors" not in cloud.objects()

        cloud.proxy.after = lambda request: None
        assert cloud.load(garden).returncode == 0
        assert_complete(cloud)

    def test_an_object_that_is_damaged_after_its_check_is_found_before_the_manifest_is_written(
        self, cloud: Cloud, garden: str
    ) -> None:
        name = "model-00001-of-00003.safetensors"

        def damage(request: str) -> None:
            if request.startswith("GET ") and f"/o/{PREFIX}{name}" in request:
                cloud.put(cloud.model_bucket, {PREFIX + name: b"rot"})

        cloud.proxy.after = damage
        answer = cloud.load(garden)
        assert answer.returncode == 5
        assert f"{name} was changed or removed during the load" in answer.stderr
        assert PREFIX + "manifest.json" not in cloud.objects()

    def test_a_missing_source_is_named(self, cloud: Cloud) -> None:
        for source in (f"gs://{cloud.source_bucket}/gemma4/none", "gs://no-such-bucket/gemma4"):
            answer = cloud.load(source)
            assert answer.returncode == 3
            assert answer.stderr.count("\n") == 1
            assert source in answer.stderr

    def test_a_missing_model_bucket_is_named(self, cloud: Cloud, garden: str) -> None:
        cloud.model_bucket = "no-such-models"
        answer = cloud.load(garden)
        assert answer.returncode == 3
        assert "gs://no-such-models/google/gemma-tiny/" in answer.stderr

    def test_a_revision_that_is_not_the_digest_of_the_source_is_refused(self, cloud: Cloud, garden: str) -> None:
        answer = cloud.load(garden, "--revision", f"sha256:{'0' * 64}")
        assert answer.returncode == 6
        assert f"but {REVISION}" in answer.stderr
        assert cloud.proxy.writes() == []

    def test_a_manifest_of_another_source_is_refused(self, cloud: Cloud, garden: str) -> None:
        cloud.load(garden, "--revision", COMMIT)
        answer = cloud.load(f"{garden}-other", "--revision", COMMIT)
        assert answer.returncode == 6
        assert f"its source is {garden}/, and {garden}-other/ was asked for" in answer.stderr
        assert cloud.proxy.writes() == []

    def test_a_manifest_that_another_loader_writes_meanwhile_is_not_overwritten(
        self, cloud: Cloud, garden: str
    ) -> None:
        other = json.dumps({"schema": 1, "checkpoint": "x", "revision": "y", "source": "z", "objects": []})
        other = other.replace("{", f'{{"digest": "{expected_revision({})}", ', 1).encode()

        def win(request: str) -> None:
            if "rewriteTo" in request and "model-00003" in request:
                cloud.put(cloud.model_bucket, {PREFIX + "manifest.json": other})

        cloud.proxy.after = win
        answer = cloud.load(garden)
        assert answer.returncode == 6
        assert "was written by another loader at the same time, and differs" in answer.stderr
        assert cloud.objects()[PREFIX + "manifest.json"] == other

    @pytest.mark.parametrize("complete", [False, True])
    def test_an_object_that_the_source_does_not_have_is_refused(
        self, cloud: Cloud, garden: str, complete: bool
    ) -> None:
        if complete:
            cloud.load(garden)
        cloud.put(cloud.model_bucket, {PREFIX + "model-00004.safetensors": b"smuggled in"})
        answer = cloud.load(garden)
        assert answer.returncode == 6
        assert "model-00004.safetensors" in answer.stderr
        assert cloud.proxy.writes() == []


class TestFromTheHub:
    PREFIX = f"google/gemma-tiny/{COMMIT}/"
    ARGS = ("--revision", COMMIT)

    @pytest.fixture(autouse=True)
    def endpoint(self, cloud: Cloud, hub: FakeHub) -> None:
        cloud.env = {"HF_ENDPOINT": hub.url}

    def test_everything_is_streamed_and_a_second_run_does_nothing(self, cloud: Cloud, hub: FakeHub) -> None:
        answer = cloud.load("hf://google/gemma-tiny", *self.ARGS)
        assert answer.returncode == 0, answer.stderr
        assert_complete(cloud, self.PREFIX)
        assert cloud.manifest(self.PREFIX)["source"] == f"hf://google/gemma-tiny@{COMMIT}"
        hub.downloads.clear()
        answer = cloud.load("hf://google/gemma-tiny", *self.ARGS)
        assert "nothing to do" in answer.stdout
        assert (hub.downloads, cloud.proxy.writes()) == ([], [])

    @pytest.mark.parametrize("size_bytes", [UPLOAD_BYTES, 2 * UPLOAD_BYTES + 4])
    def test_a_file_of_one_piece_of_an_upload_or_more_arrives_whole(
        self, cloud: Cloud, hub: FakeHub, size_bytes: int
    ) -> None:
        name = "model-00001-of-00003.safetensors"
        hub.files[name] = (hashlib.sha256(b"seed").digest() * (2 * MIB + 1))[:size_bytes]
        answer = cloud.load("hf://google/gemma-tiny", *self.ARGS)
        assert answer.returncode == 0, answer.stderr
        assert_complete(cloud, self.PREFIX, hub.files)

    def test_a_download_that_breaks_goes_on_at_its_byte(self, cloud: Cloud, hub: FakeHub) -> None:
        name = "model-00002-of-00003.safetensors"
        hub.cut_after[name] = MIB + MIB // 2
        answer = cloud.load("hf://google/gemma-tiny", *self.ARGS)
        assert answer.returncode == 0, answer.stderr
        ranges = [asked for path, asked in hub.downloads if path == name]
        assert ranges[0] is None
        assert len(ranges) == 2
        assert int(str(ranges[1]).removeprefix("bytes=").rstrip("-")) >= MIB
        assert_complete(cloud, self.PREFIX)

    def test_killed_in_the_middle_it_then_downloads_only_what_is_missing(self, cloud: Cloud, hub: FakeHub) -> None:
        hub.hold = "model-00002-of-00003.safetensors"
        loader = cloud.start("hf://google/gemma-tiny", *self.ARGS, "--parallel", "1")
        try:
            assert hub.held.wait(30)
        finally:
            loader.send_signal(signal.SIGKILL)
            loader.communicate(timeout=30)
        assert len(cloud.objects()) == 4
        hub.hold = None
        hub.downloads.clear()
        answer = cloud.load("hf://google/gemma-tiny", *self.ARGS)
        assert answer.returncode == 0, answer.stderr
        assert sorted(path for path, _ in hub.downloads) == [
            "model-00002-of-00003.safetensors",
            "model-00003-of-00003.safetensors",
        ]
        assert_complete(cloud, self.PREFIX)

    @pytest.mark.parametrize("name", ["model-00002-of-00003.safetensors", "config.json"])
    def test_content_that_is_not_what_the_hub_lists_never_becomes_visible(
        self, cloud: Cloud, hub: FakeHub, name: str
    ) -> None:
        hub.damaged[name] = b"\x07" * len(hub.files[name])
        answer = cloud.load("hf://google/gemma-tiny", *self.ARGS)
        assert answer.returncode == 5
        assert f"{name}: {len(hub.files[name])} bytes with " in answer.stderr
        assert self.PREFIX + name not in cloud.objects()
        assert self.PREFIX + "manifest.json" not in cloud.objects()

    def test_a_repaired_object_must_have_the_manifests_checksum(self, cloud: Cloud, hub: FakeHub) -> None:
        cloud.load("hf://google/gemma-tiny", *self.ARGS)
        name = "model-00001-of-00003.safetensors"
        cloud.put(cloud.model_bucket, {self.PREFIX + name: b"rot"})
        answer = cloud.load("hf://google/gemma-tiny", *self.ARGS)
        assert answer.returncode == 0, answer.stderr
        assert "repaired" in answer.stdout
        assert_complete(cloud, self.PREFIX)

    def test_the_token_is_sent_to_the_hub_only_and_printed_nowhere(self, cloud: Cloud, hub: FakeHub) -> None:
        hub.token = "hf_" + "Sec" * 10  # made here, so that no scanner finds a secret in this file
        cloud.env["HF_TOKEN"] = hub.token
        hub.damaged["model-00003-of-00003.safetensors"] = b"\x07" * MIB
        bad = cloud.load_as_program("hf://google/gemma-tiny", *self.ARGS)
        hub.damaged.clear()
        good = cloud.load_as_program("hf://google/gemma-tiny", *self.ARGS)
        assert (bad.returncode, good.returncode) == (5, 0)
        assert hub.tokens_at_content_network == []
        stored = b"".join(cloud.objects().values()) + repr(cloud.proxy.requests).encode()
        for text in (bad.stdout, bad.stderr, good.stdout, good.stderr, stored.decode("latin-1")):
            assert hub.token not in text
            assert "secret-signature" not in text

    @pytest.mark.parametrize("token", [None, "hf_" + "Old" * 10])
    def test_a_refused_token_is_one_clear_line_without_it(self, cloud: Cloud, hub: FakeHub, token: str | None) -> None:
        hub.token = "hf_" + "Sec" * 10
        cloud.env |= {"HF_TOKEN": token} if token else {}
        answer = cloud.load_as_program("hf://google/gemma-tiny", *self.ARGS)
        assert answer.returncode == 4
        assert answer.stderr.count("\n") == 1
        assert ("has no access" if token else "set HF_TOKEN") in answer.stderr
        assert "hf_" not in answer.stderr

    def test_a_missing_repository_and_a_branch_are_refused(self, cloud: Cloud) -> None:
        assert cloud.load("hf://google/none", *self.ARGS).returncode == 3
        branch = cloud.load("hf://google/gemma-tiny")
        assert branch.returncode == 2
        assert "since branches move" in branch.stderr


def test_the_folder_alone_is_enough_to_run_it(cloud: Cloud, garden: str, tmp_path: Path) -> None:
    """A container needs the folder and its requirements, nothing else of the project."""
    (tmp_path / "weights_loader").symlink_to(ROOT / "components" / "google" / "weights_loader")
    answer = cloud.load_as_program(garden, module="weights_loader", folder=tmp_path)
    assert answer.returncode == 0, answer.stderr
    assert_complete(cloud)
