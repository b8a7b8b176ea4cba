"""The weights loader's pure parts: names, manifest, plan and what it prints.

Everything that can be decided without a bucket; copying is in test_weights_loader_transfer.py, and the program as a whole,
against fake-gcs-server, in tests/tools.
"""

from __future__ import annotations

import ast
import hashlib
import json
import sys
from pathlib import Path

import pytest

from components.google.weights_loader import names
from components.google.weights_loader.errors import BadRequestError, ConflictError
from components.google.weights_loader.manifest import Manifest, ManifestObject, digest, read_manifest
from components.google.weights_loader.plan import (
    SourceObject,
    StoredObject,
    differing,
    fits,
    pin_to_manifest,
    plan_transfer,
)
from components.google.weights_loader.redaction import redacted
from components.sizing.catalogue import load_catalogue

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "components" / "google" / "weights_loader"

A = ManifestObject("a.json", 3, "AAAAAA==")
B = ManifestObject("b.safetensors", 5, "yZRlqg==")
SHA = f"sha256:{'ab' * 32}"


def manifest(*objects: ManifestObject) -> Manifest:
    return Manifest("google/x", "0" * 40, "gs://s/x/", objects)


class TestTheProgramStandsAlone:
    def test_it_imports_nothing_but_its_requirements(self) -> None:
        allowed = {"google", "google_crc32c", "requests", "typer"} | set(sys.stdlib_module_names)
        for path in FOLDER.glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    assert {alias.name.split(".")[0] for alias in node.names} <= allowed, path
                elif isinstance(node, ast.ImportFrom):
                    own = node.level == 1
                    assert own or str(node.module).split(".")[0] in allowed, path

    def test_its_pins_are_those_of_the_project(self) -> None:
        def pins(path: Path) -> set[str]:
            return {line for line in path.read_text(encoding="utf-8").lower().splitlines() if "==" in line}

        assert {line.split("==")[0] for line in pins(FOLDER / "requirements.txt")} >= {"google-cloud-storage", "typer"}
        assert pins(FOLDER / "requirements.txt") <= pins(ROOT / "requirements.txt")


class TestNames:
    def test_every_checkpoint_of_the_catalogue_can_be_loaded(self) -> None:
        checkpoints = load_catalogue().checkpoints
        assert checkpoints
        for checkpoint in checkpoints:
            assert names.check_checkpoint(checkpoint.id) == checkpoint.id
            assert checkpoint.revision is None or names.check_revision(checkpoint.revision) == checkpoint.revision

    @pytest.mark.parametrize("bad", ["", "/x", "x/", "../x", "a/b/c", "a//b", "a/..", ".hidden/x", "a b", "a\n"])
    def test_an_id_that_could_leave_its_folder_is_refused(self, bad: str) -> None:
        with pytest.raises(BadRequestError, match="checkpoint"):
            names.check_checkpoint(bad)

    @pytest.mark.parametrize("bad", ["main", "0" * 39, "A" * 40, "sha256:" + "0" * 63, "0" * 40 + "\n"])
    def test_a_revision_that_the_catalogue_would_refuse_is_refused(self, bad: str) -> None:
        with pytest.raises(BadRequestError, match="revision"):
            names.check_revision(bad)

    @pytest.mark.parametrize(
        "bad",
        [
            "",
            "/etc",
            "a/../b",
            "..",
            "a//b",
            "a/",
            "./a",
            "a\\b",
            "a\nb",
            "a\x00",
            "manifest.json",
            "\ud800",
            "x" * 1000,
        ],
    )
    def test_an_object_that_could_leave_its_folder_or_forge_a_manifest_is_refused(self, bad: str) -> None:
        with pytest.raises(BadRequestError, match="the source has an object named"):
            names.check_object_name(bad, f"google/x/{'0' * 40}/")

    @pytest.mark.parametrize("good", ["config.json", "sub/manifest.json", "..a", "tokenizer ä.json", ".gitattributes"])
    def test_usual_names_pass(self, good: str) -> None:
        assert names.check_object_name(good, "google/x/") == good

    def test_sources_are_parsed(self) -> None:
        assert names.parse_bucket_source("gs://bucket/a/b/") == ("bucket", "a/b/")
        assert names.parse_bucket_source("gs://bucket") == ("bucket", "")
        assert names.parse_hub_source("hf://google/gemma") == "google/gemma"

    @pytest.mark.parametrize("bad", ["gs://", "gs://B", "gs://b/../c", "gs://bucket/../c", "gs://bucket/a/./b"])
    def test_a_bucket_source_with_a_wrong_path_is_refused(self, bad: str) -> None:
        with pytest.raises(BadRequestError):
            names.parse_bucket_source(bad)

    @pytest.mark.parametrize("bad", ["hf://", "hf://gemma", "hf://a/b@main", "hf://a/b/c", "hf://a/../b"])
    def test_a_hub_source_that_is_no_repository_is_refused(self, bad: str) -> None:
        with pytest.raises(BadRequestError):
            names.parse_hub_source(bad)


class TestManifest:
    def test_the_digest_is_that_of_sorted_name_bytes_and_crc32c(self) -> None:
        text = "a.json\t3\tAAAAAA==\nb.safetensors\t5\tyZRlqg==\n"
        assert digest([B, A]) == f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"

    @pytest.mark.parametrize(
        "other",
        [
            ManifestObject("a", 3, "AAAAAA=="),
            ManifestObject("a.json", 4, "AAAAAA=="),
            ManifestObject("a.json", 3, B.crc32c),
        ],
    )
    def test_any_difference_changes_the_digest(self, other: ManifestObject) -> None:
        assert digest([other, B]) != digest([A, B])

    def test_it_is_read_back_as_written_and_holds_nothing_that_differs_between_two_loads(self) -> None:
        written = manifest(A, B)
        assert read_manifest(written.to_json(), "x") == written
        assert set(json.loads(written.to_json())) == {
            "schema", "checkpoint", "revision", "source", "digest", "bytes", "objects",
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"schema": 2}, "its schema is 2"),
            ({"digest": SHA}, "its digest is not that of its objects"),
            ({"objects": [{"name": "a", "bytes": "3", "crc32c": "AAAAAA=="}]}, "another type"),
            ({"objects": [{"name": "a", "bytes": 3, "crc32c": "AAAA"}]}, "CRC32C of a"),
            ({"objects": [{"name": "a"}]}, "it lacks 'bytes'"),
            ({"objects": 3}, "not iterable"),
        ],
    )
    def test_a_manifest_that_contradicts_itself_is_refused(self, change: dict[str, object], reason: str) -> None:
        document = json.loads(manifest(A).to_json()) | change
        with pytest.raises(ConflictError, match=reason):
            read_manifest(json.dumps(document).encode(), "gs://m/manifest.json")

    @pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"null", b"{}"])
    def test_what_is_no_manifest_at_all_is_refused(self, content: bytes) -> None:
        with pytest.raises(ConflictError, match=r"gs://m/manifest\.json is not a manifest"):
            read_manifest(content, "gs://m/manifest.json")


class TestPlan:
    GCS = SourceObject("a", 3, crc32c="AAAAAA==", generation=7)
    HUB = SourceObject("a", 3, fingerprint=SHA)

    @pytest.mark.parametrize(
        ("stored", "kept"),
        [
            (StoredObject("a", 3, "AAAAAA==", 1), True),
            (StoredObject("a", 3, "yZRlqg==", 1), False),
            (StoredObject("a", 4, "AAAAAA==", 1), False),
        ],
    )
    def test_a_bucket_s_object_is_kept_by_size_and_crc32c(self, stored: StoredObject, kept: bool) -> None:
        plan = plan_transfer([self.GCS], [stored], "gs://m/")
        assert bool(plan.keep) is kept
        assert [transfer.replaces for transfer in plan.transfers] == ([] if kept else [1])

    @pytest.mark.parametrize(("found", "kept"), [(SHA, True), (None, False), ("sha256:" + "0" * 64, False)])
    def test_a_hub_s_object_is_kept_only_if_it_was_checked_against_the_hub_s_hash(
        self, found: str | None, kept: bool
    ) -> None:
        assert fits(self.HUB, StoredObject("a", 3, "AAAAAA==", 1, found)) is kept

    def test_an_object_of_which_nothing_is_known_never_fits(self) -> None:
        assert not fits(SourceObject("a", 3), StoredObject("a", 3, "AAAAAA==", 1))

    def test_what_is_missing_is_new(self) -> None:
        plan = plan_transfer([self.GCS], [], "gs://m/")
        assert (plan.transfers[0].replaces, plan.transfer_bytes) == (0, 3)

    def test_what_the_source_does_not_have_is_named_and_refused(self) -> None:
        foreign = [StoredObject(name, 1, "AAAAAA==", 1) for name in "edcb"]
        with pytest.raises(ConflictError, match="gs://m/ holds what the source does not have: b, c, d and 1 more"):
            plan_transfer([self.GCS], foreign, "gs://m/")

    def test_a_repair_takes_the_checksum_of_the_manifest(self) -> None:
        recorded = ManifestObject("a", 3, "AAAAAA==")
        assert pin_to_manifest([self.HUB], manifest(recorded))[0].crc32c == "AAAAAA=="

    @pytest.mark.parametrize(
        "listed",
        [
            [],
            [SourceObject("a", 4, "AAAAAA==")],
            [SourceObject("a", 3, "yZRlqg==")],
            [SourceObject("a", 3, "AAAAAA=="), SourceObject("new", 1, "AAAAAA==")],
        ],
    )
    def test_a_source_that_has_changed_cannot_repair(self, listed: list[SourceObject]) -> None:
        with pytest.raises(ConflictError, match="has changed since google/x was loaded"):
            pin_to_manifest(listed, manifest(ManifestObject("a", 3, "AAAAAA==")))

    def test_missing_and_differing_objects_of_a_manifest_are_named(self) -> None:
        present = [StoredObject("a.json", 3, "AAAAAA==", 1), StoredObject("b.safetensors", 5, "AAAAAA==", 2)]
        assert differing(manifest(A, B), present) == ["b.safetensors"]
        assert differing(manifest(A, B), present[:1]) == ["b.safetensors"]
        assert differing(manifest(A), present) == []


TOKEN = "hf_" + "Sec" * 10  # made here, so that no scanner finds a secret in this file


@pytest.mark.parametrize(
    "text",
    [
        f"InvalidHeader: Bearer {TOKEN}",
        f"{{'Authorization': 'Bearer {TOKEN}'}}",
        f"401 for https://hub/api?token={TOKEN}&x=1 (refused)",
        f"https://cdn.example/file?X-Amz-Signature={TOKEN}",
        "Bearer other-secret-of-an-unknown-kind".replace("other-secret-of-an-unknown-kind", TOKEN[3:]),
        f"a token that is not the known one: {TOKEN}",
    ],
)
@pytest.mark.parametrize("known", [TOKEN, None])
def test_no_token_and_no_signature_is_left_in_what_is_printed(text: str, known: str | None) -> None:
    assert TOKEN[3:] not in redacted(text, known)


def test_usual_lines_are_printed_as_they_are() -> None:
    line = f"copied 3/10: model-00001.safetensors, 5 bytes in 1.2 s to gs://m/google/x/{SHA}/"
    assert redacted(line, TOKEN, None, "") == line
