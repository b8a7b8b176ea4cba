"""Each promise of an endpoint that does not hold ends the command with 1, and the row says what was expected and what came.

Against a real server on the loopback. That a real model passes is shown in tests/tools/test_smoke.py.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from components.smoke.checks import CHECKS
from tests.tools.smoke_recorded import RecordedEngine, Reply, answer, recording, stream
from tests.unit.smoke.calling import KEY, endpoint, run

TOKEN = "tok-" + "Abc1" * 6  # made here, so that no scanner finds a secret in this file


def changed(name: str, **message: object) -> Reply:
    """A recorded answer with another message."""
    good = recording(name)["answer"]
    good["choices"][0]["message"] |= message
    return Reply(json.dumps(good))


def call(arguments: object, name: str = "get_weather") -> list[dict[str, object]]:
    return [{"id": "1", "type": "function", "function": {"name": name, "arguments": arguments}}]


def test_an_engine_that_keeps_all_promises_passes(engine: RecordedEngine) -> None:
    engine.token = TOKEN
    result = run({KEY: endpoint(engine.url, authentication="token")}, "--json", token=TOKEN)
    assert result.code == 0, result.out
    assert result.results() == {**dict.fromkeys(CHECKS, "passed"), "video and audio input": "skipped"}
    streaming = result.row("streaming")
    assert 0 < streaming["first_token_seconds"] <= streaming["seconds"]
    assert [row["first_token_seconds"] for row in json.loads(result.out)["rows"] if row is not streaming].count(
        None
    ) == 7
    assert result.row("authentication")["note"] == "401 without a token, 401 with a made-up token"


BAD: dict[str, tuple[str, str, Reply, str]] = {
    "unhealthy": ("health", "health", Reply('{"error": "engine is dead"}', 500), "expected 200, came 500 with"),
    "another name": (
        "models",
        "model list",
        Reply('{"data": [{"id": "gemma"}]}'),
        "expected 'assistant' among the models, came gemma",
    ),
    "no models": ("models", "model list", Reply('{"models": []}'), "expected a list of models under `data`, came"),
    "no text": ("chat", "chat completion", changed("chat", content=""), "expected text in choices[0].message.content"),
    "no choices": ("chat", "chat completion", Reply('{"choices": []}'), "expected `choices`, came"),
    "no usage": (
        "chat",
        "chat completion",
        Reply(json.dumps({**recording("chat")["answer"], "usage": {"prompt_tokens": 0, "completion_tokens": 9}})),
        'usage.completion_tokens above 0, came usage \'{"prompt_tokens": 0',
    ),
    "a login page": (
        "chat",
        "chat completion",
        Reply("<!doctype html><html><head><title>Sign in</title></head></html>", content_type="text/html"),
        "expected JSON, came a page 'Sign in'; something in between",
    ),
    "no JSON": ("chat", "chat completion", Reply("hello"), "expected JSON, came 'hello'"),
    "the model is not served": (
        "chat",
        "chat completion",
        Reply('{"error": {"message": "The model `assistant` does not exist.", "code": 404}}', 404),
        'expected 200, came 404 with \'{"error": {"message": "The model `assistant` does not exist.',
    ),
    "an empty stream": ("stream", "streaming", stream(["[DONE]"]), "expected pieces of text"),
    "a stream that breaks off": (
        "stream",
        "streaming",
        stream([json.dumps(event) for event in recording("stream")["events"]]),
        "the stream ended without [DONE]: something cut it off",
    ),
    "a stream that loses its connection": (
        "stream",
        "streaming",
        Reply(f"data: {json.dumps(recording('stream')['events'][1])}\n\n", content_type="text/event-stream", cut=True),
        "broke the connection off before its answer ended",
    ),
    "a stream without an end": (
        "stream",
        "streaming",
        stream([json.dumps(recording("stream")["events"][1]), "[DONE]"]),
        "expected a last piece with a finish_reason, came none after 1 pieces",
    ),
    "an error in the stream": (
        "stream",
        "streaming",
        stream([json.dumps(recording("stream")["events"][1]), '{"error": {"message": "out of blocks"}}', "[DONE]"]),
        'the engine ended the stream with an error: \'{"message": "out of blocks"}\'',
    ),
    "no stream": (
        "stream",
        "streaming",
        answer("chat"),
        "expected a stream (text/event-stream), came application/json",
    ),
    "broken JSON in the stream": ("stream", "streaming", stream(["{", "[DONE]"]), "expected JSON, came '{'"),
    "no tool call": (
        "tool",
        "tool call",
        changed("tool", tool_calls=[], content="It is sunny."),
        "expected a call of get_weather, came none but 'It is sunny.' (finish_reason tool_calls); does the engine run with "
        "--enable-auto-tool-choice",
    ),
    "another tool": ("tool", "tool call", changed("tool", tool_calls=call("{}", "get_time")), 'came \'{"id"'),
    "arguments that are no JSON": (
        "tool",
        "tool call",
        changed("tool", tool_calls=call("{city:Zurich}")),
        "expected arguments as JSON with a text `city`, came '\"{city:Zurich}\"'",
    ),
    "arguments without the city": (
        "tool",
        "tool call",
        changed("tool", tool_calls=call('{"town": "Zurich"}')),
        "`city`",
    ),
    "tools are not enabled": (
        "tool",
        "tool call",
        Reply('{"error": {"message": "\\"auto\\" tool choice requires --enable-auto-tool-choice"}}', 400),
        "expected 200, came 400 with",
    ),
    "the picture is not seen": (
        "image",
        "image input",
        changed("image", content="I cannot see pictures."),
        "expected 'red', the colour of the picture, came 'I cannot see pictures.'",
    ),
}


@pytest.mark.parametrize(("kind", "check", "reply", "says"), BAD.values(), ids=BAD)
def test_a_broken_promise_fails_its_row_and_the_command(
    engine: RecordedEngine, kind: str, check: str, reply: Reply, says: str
) -> None:
    engine.replies[kind] = reply
    result = run({KEY: endpoint(engine.url)}, "--json", "--timeout", "2")
    assert result.code == 1
    failed = [name for name, outcome in result.results().items() if outcome == "failed"]
    assert failed == [check], result.out
    assert says in result.row(check)["note"]


def test_thoughts_count_as_an_answer(engine: RecordedEngine) -> None:
    engine.replies["chat"] = changed("chat", content=None, reasoning="The user asks for a sentence")
    assert run({KEY: endpoint(engine.url)}).code == 0


def test_a_chunk_of_usage_and_comments_do_not_disturb_a_stream(engine: RecordedEngine) -> None:
    good = answer("stream")
    usage = 'data: {"choices": [], "usage": {"prompt_tokens": 3}}\n\ndata: [DONE]'
    engine.replies["stream"] = Reply(
        ": ping\n\n" + str(good.body).replace("data: [DONE]", usage), 200, good.content_type
    )
    assert run({KEY: endpoint(engine.url)}).code == 0


def test_the_first_token_is_timed_when_it_comes_and_not_when_the_stream_ends(engine: RecordedEngine) -> None:
    pieces = [{"choices": [{"delta": {"content": "a"}, "finish_reason": reason}]} for reason in (None, None, "stop")]
    # so short that a reader who waits for a full buffer sees nothing before the end; its 8 lines are 50 ms apart
    short = stream([*map(json.dumps, pieces), "[DONE]"])
    engine.replies["stream"] = Reply(short.body, content_type=short.content_type, delay_seconds=0.05)
    row = run({KEY: endpoint(engine.url)}, "--json").row("streaming")
    assert 0 < row["first_token_seconds"] < row["seconds"] - 0.2


@pytest.mark.parametrize("opened_to", ["everybody", "any token"])
def test_an_ingress_that_lets_strangers_in_fails(engine: RecordedEngine, opened_to: str) -> None:
    if opened_to == "any token":
        engine.first = [Reply(), *map(answer, ("models", "chat", "stream", "tool", "image")), Reply("no", 401)]
    result = run({KEY: endpoint(engine.url, authentication="token")}, "--json", token=TOKEN)
    assert result.code == 1
    case = "without a token" if opened_to == "everybody" else "with a made-up token"
    note = result.row("authentication")["note"]
    assert f"expected a refusal (401 or 403) {case}, came 200 with" in note
    assert "whoever reaches it can use the model" in note


def test_what_is_not_promised_is_skipped_with_the_reason(engine: RecordedEngine) -> None:
    result = run({KEY: endpoint(engine.url, inputs=["text"], health_url=None)}, "--json")
    assert result.code == 0
    assert result.row("image input")["note"] == "not promised; inputs: text"
    assert result.row("authentication")["note"] == "not configured; it is reached from pods of the cluster"
    assert result.row("health")["result"] == "skipped"
    assert {kind for kind, _, _ in engine.requests} == {"models", "chat", "stream", "tool"}


def test_inputs_that_are_promised_but_not_tried_are_named(engine: RecordedEngine) -> None:
    result = run({KEY: endpoint(engine.url, inputs=["text", "image", "video", "audio"])}, "--json")
    row = result.row("video and audio input")
    assert (row["result"], row["note"]) == ("skipped", "promised (video and audio), and not tried here")


def test_a_paused_deployment_is_left_alone(engine: RecordedEngine) -> None:
    result = run({KEY: endpoint(engine.url, paused=True, authentication="token")}, "--json")
    assert result.code == 0
    assert set(result.results().values()) == {"skipped"}
    assert engine.requests == []


def test_a_token_goes_only_to_who_asks_for_one_and_is_printed_nowhere(engine: RecordedEngine) -> None:
    engine.token = TOKEN
    engine.replies["chat"] = Reply(f'{{"error": "bad token {TOKEN}"}}', 500)
    engine.replies["stream"] = stream([json.dumps({"error": f"bad token {TOKEN}"})])
    deployments = {KEY: endpoint(engine.url, authentication="token"), "payments/open": endpoint(engine.url)}
    result = run(deployments, token=TOKEN)
    assert result.code == 1
    assert "bad token ***" in result.out
    assert TOKEN not in result.out + result.err
    sent = [authorization for _, _, authorization in engine.requests]
    assert sent[:6] == [f"Bearer {TOKEN}"] * 6
    assert sent[6:8] == [None, "Bearer not-a-token"]
    assert set(sent[8:]) == {None}


def test_a_netrc_file_does_not_stand_in_for_a_token(
    engine: RecordedEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password something\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    engine.token = TOKEN
    result = run({KEY: endpoint(engine.url, authentication="token")}, "--json", token=TOKEN)
    assert result.row("authentication")["result"] == "passed"
    assert engine.requests[-2][2] is None
