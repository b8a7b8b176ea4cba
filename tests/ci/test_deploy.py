"""An update happens only where the report is the one that was agreed to, and nothing stops it. The report is a stand-in here."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest

from pipeline import deploy, drift, preview
from pipeline.engine import CHANGES_MET, Engine
from pipeline.errors import CiError

TODAY = datetime.date(2026, 12, 2)
SEEN = "2026-12-01/9f3c0a1b2c3d"


class Recorded(Engine):
    """An engine that only notes what it is asked."""

    def run(self, *arguments: str) -> int:
        ran.append(arguments)
        return 0


ran: list[tuple[str, ...]] = []


@pytest.fixture(autouse=True)
def _fresh() -> None:
    ran.clear()


@pytest.fixture
def reports(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, object]:
    """What the report's command would give, and what it was asked."""
    answer: dict[str, object] = {"digest": "9f3c0a1b2c3d", "code": 0}

    def report(arguments: list[str], environ: object) -> int:
        answer["arguments"] = arguments
        (tmp_path / "preview-dev.json").write_text(json.dumps({"digest": answer["digest"]}), encoding="utf-8")
        return int(str(answer["code"]))

    monkeypatch.setattr(preview, "run_python", report)
    return answer


def update(tmp_path: Path, agreed: str, real: bool = True) -> int:
    return deploy.deploy(Recorded("dev", {}, real), tmp_path, "HEAD^1", agreed, TODAY)


def test_what_was_agreed_to_is_updated_with_the_policies(tmp_path: Path, reports: dict[str, object]) -> None:
    assert update(tmp_path, SEEN) == 0
    [arguments] = ran
    assert arguments[0] == "up"
    assert arguments[arguments.index("--policy-pack") + 1] == "policy"


def test_the_report_is_made_for_the_day_that_was_agreed_on(tmp_path: Path, reports: dict[str, object]) -> None:
    update(tmp_path, SEEN)
    arguments = reports["arguments"]
    assert isinstance(arguments, list)
    assert arguments[arguments.index("--today") + 1] == "2026-12-01"


@pytest.mark.parametrize(
    ("agreed", "digest", "code", "said"),
    [
        (SEEN, "000000000000", 0, "accept: dev=2026-12-01/000000000000"),
        ("", "9f3c0a1b2c3d", 0, "accept: dev=2026-12-02/9f3c0a1b2c3d"),
        (SEEN, "9f3c0a1b2c3d", 1, "its report says what stops it (exit code 1)"),
        (SEEN, "9f3c0a1b2c3d", 2, "its report says what stops it (exit code 2)"),
        ("yesterday", "9f3c0a1b2c3d", 0, "AGREED: 'yesterday' is no <day>/<digest>"),
        ("2026-13-45/9f3c0a1b2c3d", "9f3c0a1b2c3d", 0, "AGREED: '2026-13-45' is no day"),
    ],
    ids=["another digest", "nobody agreed", "stopped", "no preview", "no digest", "no day"],
)
def test_nothing_else_is_updated(tmp_path: Path, reports: dict[str, object], agreed, digest, code, said: str) -> None:
    reports.update(digest=digest, code=code)
    with pytest.raises(CiError) as refused:
        update(tmp_path, agreed)
    assert said in str(refused.value)
    assert ran == []


def test_the_sandbox_compares_and_updates_nothing(tmp_path: Path, reports: dict[str, object]) -> None:
    assert update(tmp_path, SEEN, real=False) == 0
    assert ran == []


@pytest.mark.parametrize(("code", "verdict"), [(0, "same"), (CHANGES_MET, "differs"), (255, "failed")])
def test_a_look_that_fails_is_no_drift_and_no_silence(tmp_path: Path, code: int, verdict: str) -> None:
    program = tmp_path / "pulumi"
    program.write_text(f"#!/bin/sh\necho '~~~~ a bucket'\nexit {code}\n", encoding="utf-8")
    program.chmod(0o755)
    assert drift.look(Engine("dev", {"PATH": f"{tmp_path}:/usr/bin:/bin"}, True), tmp_path) == verdict
    finding = json.loads((tmp_path / "drift-dev.json").read_text(encoding="utf-8"))
    assert finding["verdict"] == verdict
    # what the engine says cannot end the block of code that it stands in
    assert finding["text"].count("~~~~") == (0 if verdict == "same" else 2)
