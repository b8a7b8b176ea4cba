"""What pydantic found wrong with a form, in words that its author can act on: what was found and what is allowed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from components.sizing.errors import did_you_mean

Path = tuple[str | int, ...]


def field_name(path: Path) -> str:
    """A path in a form as people write it: `deployments[0].model`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def message_of(details: Mapping[str, Any], model: type[BaseModel]) -> str:
    """One of pydantic's errors about a form of that kind, in half a sentence."""
    path: Path = tuple(details["loc"])
    found, kind, context = details["input"], details["type"], details.get("ctx", {})
    if kind == "extra_forbidden":
        return f"unknown field{did_you_mean(str(path[-1]), _fields_at(model, path[:-1]))}"
    if kind == "missing":
        return "is missing"
    if kind in ("literal_error", "enum"):
        allowed = [part.strip().strip("'") for part in str(context["expected"]).replace(" or ", ", ").split(", ")]
        return f"found {found!r}{did_you_mean(str(found), allowed)}"
    if kind == "value_error":
        return str(context["error"])
    return f"{details['msg'][0].lower()}{details['msg'][1:]} (found {found!r})"


def _fields_at(model: type[BaseModel], path: Path) -> list[str]:
    """Names that may be written at `path` of a file that `model` describes."""
    current: Any = model
    for part in path:
        if isinstance(part, int):
            continue
        current = _model_in(current.model_fields[part].annotation)
    return [field.alias or name for name, field in current.model_fields.items()]


def _model_in(annotation: Any) -> Any:
    """The pydantic model inside a type such as `tuple[Model, ...]` or `Model | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        if (found := _model_in(argument)) is not None:
            return found
    return None
