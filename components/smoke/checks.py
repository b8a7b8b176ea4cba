"""The checks, one function each: what is asked, what is expected, and what came. In the order in which they run.

A check returns its outcome, or raises CheckFailedError; the first one waits for a start of the engine.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from components.served_endpoint import NO_AUTHENTICATION
from components.smoke import questions, replies
from components.smoke.answer import excerpt
from components.smoke.connection import Connection
from components.smoke.errors import CheckFailedError
from components.smoke.progress import Progress
from components.smoke.targets import Target

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
#: Sent where a token must be refused.
MADE_UP_TOKEN = "not-a-token"  # noqa: S105 - it must not be one


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one check found."""

    result: str
    note: str
    first_token_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One check of one deployment."""

    deployment: str
    check: str
    result: str
    seconds: float
    first_token_seconds: float | None
    note: str


def health(target: Target, connection: Connection) -> Outcome:
    """The engine says that it is up."""
    if target.health_url is None:
        return Outcome(SKIPPED, "the endpoint has no address for it")
    connection.own_get(target.health_url)
    return Outcome(PASSED, "200")


def model_list(target: Target, connection: Connection) -> Outcome:
    """The model is served under the name that callers are told."""
    names = replies.model_names(replies.json_object(connection.own_get(f"{target.base_url}/models").text))
    if target.model not in names:
        raise CheckFailedError(f"expected '{target.model}' among the models, came {', '.join(names) or 'none'}")
    return Outcome(PASSED, f"'{target.model}' is served")


def chat_completion(target: Target, connection: Connection) -> Outcome:
    """A question is answered, and its tokens are counted."""
    answer = _ask(target, connection, questions.question(target.model))
    said = replies.words(replies.first_choice(answer, "message")["message"])
    if not said.strip():
        raise CheckFailedError("expected text in choices[0].message.content, came none")
    prompt, completion = replies.token_counts(answer)
    return Outcome(PASSED, f"{prompt} tokens in, {completion} out: {excerpt(said)}")


def streaming(target: Target, connection: Connection) -> Outcome:
    """An answer comes piece by piece; tells the time to the first token."""
    first_token, pieces, finished = None, 0, False
    body = questions.streamed_question(target.model)
    for seconds, chunk in replies.stream_chunks(connection.lines(f"{target.base_url}/chat/completions", body)):
        if chunk.get("choices") == []:
            continue  # a chunk of usage alone
        choice = replies.first_choice(chunk, "delta")
        finished = finished or choice.get("finish_reason") is not None
        if replies.words(choice["delta"]):
            pieces += 1
            first_token = seconds if first_token is None else first_token
    if first_token is None:
        raise CheckFailedError("expected pieces of text in choices[0].delta.content, came none before the stream's end")
    if not finished:
        raise CheckFailedError(f"expected a last piece with a finish_reason, came none after {pieces} pieces")
    return Outcome(PASSED, f"{pieces} pieces, then {replies.END}", first_token)


def tool_call(target: Target, connection: Connection) -> Outcome:
    """A question that only a tool can answer leads to a call of the tool."""
    answer = _ask(target, connection, questions.tool_question(target.model))
    value = replies.tool_call(answer, questions.TOOL, questions.TOOL_PARAMETER)
    return Outcome(PASSED, f"{questions.TOOL}({questions.TOOL_PARAMETER}={value!r})")


def image_input(target: Target, connection: Connection) -> Outcome:
    """The model sees a picture, where that is promised."""
    if "image" not in target.inputs:
        return Outcome(SKIPPED, f"not promised; inputs: {', '.join(target.inputs)}")
    answer = _ask(target, connection, questions.image_question(target.model))
    said = replies.words(replies.first_choice(answer, "message")["message"])
    if questions.COLOUR not in said.lower():
        raise CheckFailedError(f"expected '{questions.COLOUR}', the colour of the picture, came {excerpt(said)}")
    return Outcome(PASSED, f"the colour was named: {excerpt(said)}")


def other_inputs(target: Target, connection: Connection) -> Outcome:
    """Says that video and audio are not tried."""
    others = [kind for kind in target.inputs if kind in ("video", "audio")]
    if not others:
        return Outcome(SKIPPED, f"not promised; inputs: {', '.join(target.inputs)}")
    return Outcome(SKIPPED, f"promised ({' and '.join(others)}), and not tried here")


def authentication(target: Target, connection: Connection) -> Outcome:
    """Without a token, and with one that nobody gave out, there is no answer."""
    if target.authentication == NO_AUTHENTICATION:
        return Outcome(SKIPPED, f"not configured; it is reached from {target.reachable_from}")
    came = []
    for token, case in ((None, "without a token"), (MADE_UP_TOKEN, "with a made-up token")):
        answer = connection.get(f"{target.base_url}/models", token=token)
        if answer.status not in (401, 403):
            advice = "; whoever reaches it can use the model" if answer.status == 200 else ""
            raise CheckFailedError(f"expected a refusal (401 or 403) {case}, came {answer.came}{advice}")
        came.append(f"{answer.status} {case}")
    return Outcome(PASSED, ", ".join(came))


CHECKS: dict[str, Callable[[Target, Connection], Outcome]] = {
    "health": health,
    "model list": model_list,
    "chat completion": chat_completion,
    "streaming": streaming,
    "tool call": tool_call,
    "image input": image_input,
    "video and audio input": other_inputs,
    "authentication": authentication,
}


def run_checks(target: Target, connection: Connection, progress: Progress) -> Iterator[Row]:
    """A row for each check. Once a failure is final the checks that follow are not tried, since none could pass."""
    hindrance = "paused in its team's file" if target.paused else ""
    for name, check in CHECKS.items():
        start = time.monotonic()
        if hindrance:
            outcome = Outcome(SKIPPED, hindrance)
        else:
            try:
                with progress.waiting(f"{target.key}, {name}", connection.start_seconds):
                    outcome = check(target, connection)
            except CheckFailedError as error:
                outcome = Outcome(FAILED, str(error))
                hindrance = f"not tried: {name} failed" if error.final else ""
        seconds = time.monotonic() - start
        yield Row(target.key, name, outcome.result, seconds, outcome.first_token_seconds, outcome.note)


def _ask(target: Target, connection: Connection, body: dict[str, object]) -> dict[str, object]:
    return replies.json_object(connection.own_post(f"{target.base_url}/chat/completions", body).text)
