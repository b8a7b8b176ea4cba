"""Reads the answers of an OpenAI-compatible server, and says what is missing in them. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from components.smoke.answer import excerpt, is_page
from components.smoke.errors import CheckFailedError

#: Ends a stream, by the OpenAI API.
END = "[DONE]"
#: Where an answer's words stand: thoughts are apart where a reasoning parser takes them out (vLLM 0.33.0; earlier the last name).
WORDS = ("content", "reasoning", "reasoning_content")


def json_object(text: str) -> dict[str, Any]:
    """The JSON object that an answer consists of."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        hint = "; something in between answers in the engine's place" if is_page(text) else ""
        raise CheckFailedError(f"expected JSON, came {excerpt(text)}{hint}") from None
    if not isinstance(value, dict):
        raise CheckFailedError(f"expected a JSON object, came {excerpt(text)}")
    return value


def model_names(answer: Mapping[str, Any]) -> list[str]:
    """Names in a list of models."""
    models = answer.get("data")
    if not isinstance(models, list):
        raise CheckFailedError(f"expected a list of models under `data`, came {_short(answer)}")
    return [str(model.get("id")) for model in models if isinstance(model, dict)]


def first_choice(answer: Mapping[str, Any], part: str) -> dict[str, Any]:
    """The first choice, whose `part` (message or delta) is an object."""
    choices = answer.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise CheckFailedError(f"expected `choices`, came {_short(answer)}")
    if not isinstance(choices[0].get(part), dict):
        raise CheckFailedError(f"expected choices[0].{part}, came {_short(choices[0])}")
    return choices[0]


def words(part: Mapping[str, Any]) -> str:
    """What a message or a delta says, thoughts included."""
    return "".join(part[name] for name in WORDS if isinstance(part.get(name), str))


def token_counts(answer: Mapping[str, Any]) -> tuple[int, int]:
    """Tokens of prompt and answer, which quotas and prices are computed from."""
    usage = answer.get("usage")
    counts = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")] if isinstance(usage, dict) else []
    match counts:
        case [int(prompt), int(completion)] if prompt > 0 and completion > 0:
            return prompt, completion
    raise CheckFailedError(
        f"expected usage.prompt_tokens and usage.completion_tokens above 0, came usage {_short(usage)}"
    )


def tool_call(answer: Mapping[str, Any], tool: str, parameter: str) -> str:
    """The value of `parameter` in a call of `tool`."""
    choice = first_choice(answer, "message")
    calls = choice["message"].get("tool_calls")
    if not isinstance(calls, list) or not calls:
        said = excerpt(words(choice["message"]))
        raise CheckFailedError(
            f"expected a call of {tool}, came none but {said} (finish_reason {choice.get('finish_reason')}); does the engine run "
            "with --enable-auto-tool-choice and the model's --tool-call-parser?"
        )
    function = calls[0].get("function") if isinstance(calls[0], dict) else None
    if not isinstance(function, dict) or function.get("name") != tool:
        raise CheckFailedError(f"expected a call of {tool}, came {_short(calls[0])}")
    arguments = function.get("arguments")
    try:
        value = json.loads(arguments)[parameter] if isinstance(arguments, str) else None
    except (json.JSONDecodeError, KeyError, TypeError):
        value = None
    if not isinstance(value, str) or not value:
        raise CheckFailedError(f"expected arguments as JSON with a text `{parameter}`, came {_short(arguments)}")
    return value


def stream_chunks(lines: Iterator[tuple[float, str]]) -> Iterator[tuple[float, dict[str, Any]]]:
    """The chunks of a stream of server-sent events up to its end marker, each with the seconds of its line."""
    for seconds, line in lines:
        name, _, data = line.partition(":")
        if name != "data":
            continue  # blank lines, comments that keep a connection open, and fields that the API does not use
        if data.strip() == END:
            return
        chunk = json_object(data.strip())
        if "error" in chunk:
            raise CheckFailedError(f"the engine ended the stream with an error: {_short(chunk['error'])}")
        yield seconds, chunk
    raise CheckFailedError(f"the stream ended without {END}: something cut it off, such as a time limit of a proxy")


def _short(value: Any) -> str:
    return excerpt(json.dumps(value, ensure_ascii=False))
