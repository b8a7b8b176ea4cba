"""What an engine is told to load, from the words of its command line."""

from __future__ import annotations

from components.sizing.flags import Flags, parse
from policy.rules.workload import Engine


def words_of(engine: Engine) -> list[str] | None:
    """The engine's command line; None where it is missing or not known before the update."""
    words = engine.workload.arguments
    return [str(word) for word in words] if isinstance(words, list) and words else None


def flags_of(engine: Engine) -> Flags:
    """The same as flags; empty where it is not known."""
    return parse(words_of(engine) or [])


def model_path(engine: Engine) -> str | None:
    """Where the weights are read from; None where the command line does not tell, or is not known."""
    flags = flags_of(engine)
    return flags.get("--model") or next(iter(flags.positional), None)
