"""The catalogue's rows that a command line names: the engine by its image, a checkpoint by its path."""

from __future__ import annotations

import re

from components.sizing.catalogue import Catalogue, Checkpoint, Engine
from components.sizing.errors import SizingError, did_you_mean


def engine_of_image(image: str, catalogue: Catalogue) -> Engine:
    """The engine version that an image's tag states. Raises SizingError when it states none that is known."""
    match = re.search(r":v?(\d+\.\d+\.\d+)(?:@sha256:[0-9a-f]{64})?$", image)
    if match is None:
        known = ", ".join(engine.version for engine in catalogue.engines)
        raise SizingError(f"image '{image}' states no vLLM version in its tag; known: {known}")
    return catalogue.engine(match.group(1))


def checkpoint_of_path(path: str, catalogue: Catalogue) -> Checkpoint:
    """The checkpoint that a model argument names: an id as published, or a folder or gs:// path that ends with it.

    A revision may follow the id. Raises SizingError when it is none of the catalogue's.
    """
    for checkpoint in catalogue.checkpoints:
        if ends_with(path, checkpoint.id):
            return checkpoint
    known = [checkpoint.id for checkpoint in catalogue.checkpoints]
    nearest = did_you_mean("/".join(_parts(path)[-2:]), known)
    raise SizingError(f"'{path}' is no checkpoint of the catalogue{nearest}")


def ends_with(path: str, published_id: str) -> bool:
    """True when a path ends with `publisher/name`, or with that and a revision."""
    parts, wanted = _parts(path), published_id.split("/")
    return wanted in (parts[-2:], parts[-3:-1])


def _parts(path: str) -> list[str]:
    return path.removeprefix("gs://").strip("/").split("/")
