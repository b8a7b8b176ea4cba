"""Arguments of `vllm serve` against the options that its release has (`tests/data/vllm_flags.json`)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from itertools import takewhile
from pathlib import Path
from typing import Any

COMMAND = ("vllm", "serve")
FLAGS: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "data" / "vllm_flags.json").read_text(encoding="utf-8")
)


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except json.JSONDecodeError:
        return False


def _is_fraction(text: str) -> bool:
    try:
        return 0 < float(text) <= 1
    except ValueError:
        return False


WHOLE, FRACTION, OBJECT, TEXT = "a whole number", "a number above 0 and up to 1", "a JSON object", "text"
MEETS: dict[str, Callable[[str], bool]] = {
    WHOLE: str.isdecimal,
    FRACTION: _is_fraction,
    OBJECT: _is_object,
    TEXT: lambda text: bool(text) and text == text.strip(),
}
#: What the values are that our arguments have, which the list of options does not say.
#: Source: vllm-project/vllm vllm/engine/arg_utils.py and vllm/config (0.33.0), 2026-11.
TYPES = {
    "--gpu-memory-utilization": FRACTION,
    "--host": TEXT,
    "--kv-cache-dtype": TEXT,
    "--limit-mm-per-prompt": OBJECT,
    "--load-format": TEXT,
    "--max-lora-rank": WHOLE,
    "--max-loras": WHOLE,
    "--max-model-len": WHOLE,
    "--max-num-batched-tokens": WHOLE,
    "--max-num-seqs": WHOLE,
    "--mm-processor-kwargs": OBJECT,
    "--model-loader-extra-config": OBJECT,
    "--override-generation-config": OBJECT,
    "--port": WHOLE,
    "--reasoning-parser": TEXT,
    "--served-model-name": TEXT,
    "--speculative-config": OBJECT,
    "--tensor-parallel-size": WHOLE,
    "--tool-call-parser": TEXT,
}
#: The one of ours whose values are words after it, each a name and a path (nargs="+" in vllm/entrypoints/openai/cli_args.py).
ADAPTERS, ADAPTER = "--lora-modules", re.compile(r"[^=\s]+=\S+")


def argument_faults(version: str, arguments: Sequence[str]) -> list[str]:
    """One sentence for each argument that the release's parser would refuse, or that cannot be judged."""
    if version not in FLAGS:
        return [f"the options of vLLM {version} are not known: add them to tests/data/vllm_flags.json"]
    words = list(arguments[len(COMMAND) :] if tuple(arguments[: len(COMMAND)]) == COMMAND else arguments)
    models: list[str] = []
    faults: list[str] = []
    while words:
        word = words.pop(0)
        if word == ADAPTERS:
            values = list(takewhile(lambda following: not following.startswith("-"), words))
            del words[: len(values)]
            if not values or not all(ADAPTER.fullmatch(value) for value in values):
                faults.append(f"{ADAPTERS} takes words of the form name=path, found {values or 'none'}")
        elif word.startswith("-"):
            faults += [fault] if (fault := _fault(word, FLAGS[version])) else []
        else:
            models.append(word)
    return faults if len(models) == 1 else [*faults, f"one model is wanted, found {models or 'none'}"]


def _fault(argument: str, known: dict[str, Any]) -> str | None:
    """What is wrong with an argument of the form `--name` or `--name=value`."""
    name, equals, value = argument.partition("=")
    if name not in known:
        near = get_close_matches(name, known, n=1)
        return f"{name} is unknown{f', did you mean {near[0]}?' if near else ''}"
    if known[name]["takes_value"] != bool(equals):
        return f"{name} takes {'a value, written --name=value' if known[name]['takes_value'] else 'no value'}"
    if not equals:
        return None
    choices = known[name]["choices"]
    if choices is not None and value not in choices:
        return f"{name} is '{value}'. Allowed: {', '.join(choices)}"
    if name not in TYPES:
        return f"{name}: what its value is, is not known: add it to TYPES"
    return None if MEETS[TYPES[name]](value) else f"{name} is '{value}', which is not {TYPES[name]}"
