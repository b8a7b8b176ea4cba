"""The pack as CrossGuard runs it: proxies and unknown values, levels, and its own process without the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

from policy.environment import _context, context_of
from policy.plain import plain
from policy.rules import vram_fit
from policy.rules.rule import UNKNOWN, Context
from tests.policy.fixtures import ARGUMENTS, CLOUD_RUN, GOOGLE, spoiled

ROOT = Path(__file__).resolve().parents[2]


def test_proxies_become_plain_data_with_unknown_in_place() -> None:
    seen = plain(
        unknown_checking_proxy({"a": [1, {"b": UNKNOWN_STRING_VALUE}], "c": UNKNOWN_STRING_VALUE, "d": "text"})
    )
    assert type(seen) is dict
    assert type(seen["a"]) is list
    assert seen["a"][0] == 1
    assert seen["a"][1]["b"] is UNKNOWN
    assert seen["c"] is UNKNOWN
    assert seen["d"] == "text"


def test_the_context_comes_from_the_stack_file_and_is_strict_without_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Pulumi.loose.yaml").write_text("config:\n  p:environment: {allow_tight: true}\n", encoding="utf-8")
    _context.cache_clear()
    assert context_of("urn:pulumi:loose::p::a:b:C::n") == Context(allow_tight=True)
    assert context_of("urn:pulumi:other::p::a:b:C::n") == Context()
    _context.cache_clear()


OWN_CHECKPOINT = """
checkpoints:
  - id: acme/gemma-4-E4B-it-dialogues
    model: gemma-4-e4b-it
    precision: bf16
    scheme: bf16
    publisher: organisation
    auto: false
    disk_bytes: 16000000000
    min_compute_capability: "8.0"
    status: derived
    quality: tuned on the organisation's own dialogues
    source: the organisation's model registry
    date: 2026-11-20
"""


def test_the_context_knows_the_organisations_own_rows_and_does_without_a_file_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.yaml").write_text(OWN_CHECKPOINT, encoding="utf-8")
    for stack, file in (("own", "own.yaml"), ("lost", "no-such.yaml")):
        text = f"config:\n  p:environment: {{catalogue: {file}}}\n"
        (tmp_path / f"Pulumi.{stack}.yaml").write_text(text, encoding="utf-8")
    _context.cache_clear()
    known = {stack: context_of(f"urn:pulumi:{stack}::p::a:b:C::n") for stack in ("own", "lost")}
    _context.cache_clear()
    assert known["lost"] == Context()
    uri = "gs://models/acme/gemma-4-E4B-it-dialogues"
    tuned = spoiled(CLOUD_RUN, lambda p: p["template"]["containers"][0].update(args=[uri, *ARGUMENTS[1:]]))
    assert vram_fit.check(tuned, known["own"]) == []
    assert "memory cannot be judged" in vram_fit.check(tuned, known["lost"])[0].message


@pytest.fixture
def analyzer() -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    """The pack in a process of its own, spoken to as the engine does."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", "policy"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield analyzer_pb2_grpc.AnalyzerStub(channel)
    finally:
        process.kill()
        process.wait()


def bucket(labels: dict[str, str]) -> analyzer_pb2.AnalyzeRequest:
    """A bucket as the engine asks about it."""
    properties = struct_pb2.Struct()
    properties.update(json.loads(json.dumps({"name": "documents", "labels": labels})))
    return analyzer_pb2.AnalyzeRequest(
        type="gcp:storage/bucket:Bucket",
        urn="urn:pulumi:dev::search::gcp:storage/bucket:Bucket::documents",
        name="documents",
        properties=properties,
    )


def test_the_pack_denies_over_the_wire_with_a_mandatory_level_and_lets_good_resources_pass(
    analyzer: analyzer_pb2_grpc.AnalyzerStub,
) -> None:
    info = analyzer.GetAnalyzerInfo(empty_pb2.Empty(), timeout=30)
    levels = {policy.name: policy.enforcementLevel for policy in info.policies}
    assert levels == {"required-labels": analyzer_pb2.MANDATORY, "vram-fit": analyzer_pb2.MANDATORY}
    assert list(analyzer.Analyze(bucket(GOOGLE), timeout=30).diagnostics) == []
    (found,) = analyzer.Analyze(bucket({"owner": "search"}), timeout=30).diagnostics
    assert found.policyName == "required-labels"
    assert found.enforcementLevel == analyzer_pb2.MANDATORY
    assert "lack 'cost-center'" in found.message
