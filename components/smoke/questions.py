"""What the checks ask: small requests with answers of a few tokens. Pure."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

#: Answers are cut here: a smoke test proves that there is one. A tool call gets more, since it is worth nothing when cut.
ANSWER_TOKENS, TOOL_CALL_TOKENS = 16, 256
#: Edge of the picture, pixels. Gemma 4's processor scales any size to its budget of tokens (transformers 5.24.0).
PICTURE_EDGE = 64
#: The picture is of this colour, which the answer must name.
COLOUR, COLOUR_RGB = "red", (230, 0, 0)

TOOL = "get_weather"
TOOL_PARAMETER = "city"


def question(model: str) -> dict[str, Any]:
    """A plain question."""
    return _request(model, "Write one short sentence about the sea.", ANSWER_TOKENS)


def streamed_question(model: str) -> dict[str, Any]:
    """A question whose answer is streamed."""
    return {**_request(model, "Count from one to ten in words.", ANSWER_TOKENS), "stream": True}


def tool_question(model: str) -> dict[str, Any]:
    """A question that only the tool can answer.

    The model chooses by itself: vLLM's parser for Gemma 4 lets a named or required tool choice force nothing (vLLM 0.33.0,
    `supports_required_and_named`; vllm-project/vllm#50477, #53363). That is also how applications ask.
    """
    parameters = {
        "type": "object",
        "properties": {TOOL_PARAMETER: {"type": "string", "description": "Name of the city"}},
        "required": [TOOL_PARAMETER],
    }
    function = {"name": TOOL, "description": "Get the current weather in a city.", "parameters": parameters}
    return {
        **_request(model, "What is the weather in Zurich right now? Use the tool.", TOOL_CALL_TOKENS),
        "tools": [{"type": "function", "function": function}],
        "tool_choice": "auto",
    }


def image_question(model: str) -> dict[str, Any]:
    """A question about a picture."""
    return _request(
        model,
        [
            {
                "type": "image_url",
                "image_url": {"url": f"data:image/png;base64,{base64.b64encode(picture()).decode()}"},
            },
            {"type": "text", "text": "Which colour is this picture? Answer with one word."},
        ],
        ANSWER_TOKENS,
    )


def picture() -> bytes:
    """A PNG of one colour."""
    row = b"\0" + bytes(COLOUR_RGB) * PICTURE_EDGE  # each row begins with its filter: none
    header = struct.pack(">IIBBBBB", PICTURE_EDGE, PICTURE_EDGE, 8, 2, 0, 0, 0)  # 8 bits a channel, RGB
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(row * PICTURE_EDGE)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def _request(model: str, content: str | list[dict[str, Any]], tokens: int) -> dict[str, Any]:
    messages = [{"role": "user", "content": content}]
    return {"model": model, "messages": messages, "max_completion_tokens": tokens, "temperature": 0}
