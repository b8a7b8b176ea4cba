"""Copying in the weights loader where fake-gcs-server cannot show it: large rewrites, races, refusals; no network."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import requests
from google.api_core import exceptions as api
from google.auth import exceptions as auth
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse
from typer.testing import CliRunner

from components.google.weights_loader.__main__ import app
from components.google.weights_loader.errors import (
    BadCredentialsError,
    BadRequestError,
    ConflictError,
    CorruptObjectError,
    LoaderError,
    MissingSourceError,
    TransferFailedError,
)
from components.google.weights_loader.gcs_source import GcsSource
from components.google.weights_loader.hub_http import Hub
from components.google.weights_loader.plan import Plan, SourceObject, StoredObject, Transfer
from components.google.weights_loader.storage_errors import storage_errors
from components.google.weights_loader.transfer import transfer_all

CRC = "AAAAAA=="


class FakeTarget:
    """What `transfer_all` asks of a target."""

    url = "gs://m/google/x/"

    def __init__(self, **stored: StoredObject) -> None:
        self.stored, self.removed, self.marked = stored, [], []

    def stat(self, name: str) -> StoredObject:
        if name not in self.stored:
            raise MissingSourceError(name)
        return self.stored[name]

    def remove(self, stored: StoredObject) -> None:
        self.removed.append(stored.name)

    def mark(self, stored: StoredObject, fingerprint: str) -> None:
        self.marked.append((stored.name, fingerprint))


class FakeSource:
    """A source whose copies end as they are told; an exception is raised, a text is the CRC32C that was sent."""

    location = "gs://s/x/"

    def __init__(self, **ends: str | Exception) -> None:
        self.ends, self.copied = ends, []

    def list_objects(self, prefix: str) -> list[SourceObject]:
        raise NotImplementedError

    def copy(self, transfer: Transfer, target: object, advance: Any) -> str:
        self.copied.append(transfer.item.name)
        end = self.ends[transfer.item.name]
        if isinstance(end, Exception):
            raise end
        advance(transfer.item.size_bytes)
        return end


def run(source: FakeSource, target: FakeTarget, *items: SourceObject, parallel: int = 1) -> list[str]:
    lines: list[str] = []
    plan = Plan((), tuple(Transfer(item, 0) for item in items))
    transfer_all(plan, source, cast(Any, target), parallel, lines.append)
    return lines


class TestTransfers:
    def test_every_copy_is_checked_counted_and_said(self) -> None:
        target = FakeTarget(a=StoredObject("a", 3, CRC, 1))
        lines = run(FakeSource(a=CRC), target, SourceObject("a", 3, CRC))
        assert lines[0].startswith("copied 1/1: a, 3 bytes in ")
        assert (target.removed, target.marked) == ([], [])

    def test_a_hub_s_object_is_marked_only_after_its_check(self) -> None:
        target = FakeTarget(a=StoredObject("a", 3, CRC, 1))
        run(FakeSource(a=CRC), target, SourceObject("a", 3, fingerprint="sha256:1"))
        assert target.marked == [("a", "sha256:1")]

    @pytest.mark.parametrize(
        ("item", "stored", "sent"),
        [
            (SourceObject("a", 3, CRC), StoredObject("a", 3, "yZRlqg==", 1), CRC),
            (SourceObject("a", 3, CRC), StoredObject("a", 2, CRC, 1), CRC),
            (SourceObject("a", 3, fingerprint="sha256:1"), StoredObject("a", 3, "yZRlqg==", 1), CRC),
            # a repair: the content is the hub's, and still not what the manifest records
            (SourceObject("a", 3, CRC, "sha256:1"), StoredObject("a", 3, "yZRlqg==", 1), "yZRlqg=="),
        ],
    )
    def test_a_wrong_object_is_removed_not_marked_and_reported(
        self, item: SourceObject, stored: StoredObject, sent: str
    ) -> None:
        target = FakeTarget(a=stored)
        with pytest.raises(CorruptObjectError, match="run again"):
            run(FakeSource(a=sent), target, item)
        assert (target.removed, target.marked) == (["a"], [])

    def test_the_first_failure_keeps_the_rest_from_being_started(self) -> None:
        source = FakeSource(a=TransferFailedError("broken"), b=CRC, c=CRC)
        with pytest.raises(TransferFailedError, match="broken"):
            run(source, FakeTarget(), *(SourceObject(name, 3, CRC) for name in "abc"))
        assert "c" not in source.copied

    def test_another_loader_that_was_quicker_with_the_same_content_is_no_error(self) -> None:
        target = FakeTarget(a=StoredObject("a", 3, CRC, 9))
        assert run(FakeSource(a=ConflictError("changed")), target, SourceObject("a", 3, CRC))

    @pytest.mark.parametrize("stored", [{}, {"a": StoredObject("a", 3, "yZRlqg==", 9)}])
    def test_another_change_meanwhile_is_reported_as_that(self, stored: dict[str, StoredObject]) -> None:
        target = FakeTarget(**stored)
        with pytest.raises(ConflictError, match="changed"):
            run(FakeSource(a=ConflictError("changed")), target, SourceObject("a", 3, CRC))
        assert target.removed == []


class TestRewrite:
    def test_a_large_object_is_rewritten_in_as_many_calls_as_it_takes_and_guarded_at_both_ends(self) -> None:
        answers = [("t1", 40, 100), ("t2", 90, 100), (None, 100, 100)]
        calls: list[dict[str, Any]] = []

        def rewrite(source: object, **options: Any) -> tuple[str | None, int, int]:
            calls.append(options)
            return answers[len(calls) - 1]

        client = SimpleNamespace(bucket=lambda name: SimpleNamespace(blob=lambda name: name))
        target = SimpleNamespace(blob=lambda name: SimpleNamespace(rewrite=rewrite))
        moved: list[int] = []
        transfer = Transfer(SourceObject("a", 100, CRC, generation=7), replaces=3)
        assert GcsSource(cast(Any, client), "gs://garden/x").copy(transfer, cast(Any, target), moved.append) == CRC
        assert [call["token"] for call in calls] == [None, "t1", "t2"]
        assert moved == [40, 50, 10]
        assert {(call["if_generation_match"], call["if_source_generation_match"]) for call in calls} == {(3, 7)}


def response(status: int) -> Any:
    answer = requests.Response()
    answer.status_code = status
    return answer


@pytest.mark.parametrize(
    ("raised", "expected", "says"),
    [
        (api.NotFound("no bucket"), MissingSourceError, "not found"),
        (api.Forbidden("denied"), BadCredentialsError, "this identity needs roles/x"),
        (api.Unauthorized("who"), BadCredentialsError, "this identity needs roles/x"),
        (api.PreconditionFailed("412"), ConflictError, "changed meanwhile"),
        (api.ServiceUnavailable("503"), TransferFailedError, "run again"),
        (api.RetryError("too long", None), TransferFailedError, "run again"),
        (InvalidResponse(response(412), "failed"), ConflictError, "changed meanwhile"),
        (InvalidResponse(response(403), "failed"), BadCredentialsError, "this identity needs roles/x"),
        (DataCorruption(response(200), "checksum"), CorruptObjectError, "not what was sent"),
        (auth.DefaultCredentialsError("none"), BadCredentialsError, "gcloud auth application-default login"),
        (auth.RefreshError("expired"), BadCredentialsError, "log in anew"),
        (auth.TransportError("no route"), TransferFailedError, "run again"),
        (requests.ConnectionError("no route\nsecond line"), TransferFailedError, "no route; run again"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_what_cloud_storage_answers_becomes_a_sentence_with_a_way_out(
    raised: Exception, expected: type[LoaderError], says: str
) -> None:
    with pytest.raises(expected, match=says) as caught, storage_errors("copying gs://b/a", right="roles/x"):
        raise raised
    assert str(caught.value).startswith("copying gs://b/a: ")


def test_without_credentials_it_says_so_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("STORAGE_EMULATOR_HOST", "GOOGLE_APPLICATION_CREDENTIALS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))  # no login of the person who runs this test
    monkeypatch.setenv("NO_GCE_CHECK", "true")  # nor the identity of a machine
    arguments = ["--source", "gs://garden/x", "--bucket", "models", "--checkpoint", "google/x"]
    answer = CliRunner().invoke(app, arguments)
    assert answer.exit_code == BadCredentialsError.exit_code
    assert answer.stderr.count("\n") == 1
    assert "there are no Google credentials" in answer.stderr


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"--bucket": "gs://models"}, "without gs://"),
        ({"--checkpoint": "../x"}, "checkpoint '../x'"),
        ({"--revision": "main"}, "revision 'main'"),
        ({"--source": "/tmp/x"}, "must begin with gs:// or hf://"),  # noqa: S108 - a wrong argument, no file
        ({"--source": "hf://google/x"}, "needs --revision with a commit"),
    ],
)
def test_a_wrong_argument_is_refused_before_anything_is_asked(
    monkeypatch: pytest.MonkeyPatch, changed: dict[str, str], says: str
) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:9")  # nothing answers there
    arguments = {"--source": "gs://garden/x", "--bucket": "models", "--checkpoint": "google/x"} | changed
    answer = CliRunner().invoke(app, [word for pair in arguments.items() for word in pair])
    assert answer.exit_code == BadRequestError.exit_code
    assert says in answer.stderr


def test_exit_codes_tell_a_supervisor_what_a_restart_can_achieve() -> None:
    kinds = LoaderError.__subclasses__()
    assert sorted(kind.exit_code for kind in kinds) == [2, 3, 4, 5, 6, 7]


class TestTheHubsToken:
    TOKEN = "hf_" + "Sec" * 10  # made here, so that no scanner finds a secret in this file

    def test_it_is_not_in_the_repr(self) -> None:
        assert self.TOKEN not in repr(Hub(token=self.TOKEN))

    @pytest.mark.parametrize("endpoint", ["http://hub.example", "http://127.0.0.1.example", "ftp://hub.example", "hub"])
    def test_it_is_never_sent_without_encryption(self, endpoint: str) -> None:
        with pytest.raises(BadRequestError, match="https"):
            Hub(endpoint, self.TOKEN)

    def test_a_next_page_on_another_host_is_not_followed(self) -> None:
        with pytest.raises(TransferFailedError, match="another host"):
            Hub(token=self.TOKEN).get("https://huggingface.co.example/api", "listing")

    def test_a_token_with_a_line_break_is_refused_without_being_shown(self) -> None:
        with pytest.raises(BadRequestError, match="HF_TOKEN") as caught:
            Hub(token=f"{self.TOKEN}\nx")
        assert self.TOKEN not in str(caught.value)
