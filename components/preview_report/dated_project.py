"""The project as of another day: the program and the policies take the day from the settings, so they are given others.

A folder of links to the project's own files, but for the settings, which are a copy with the day in them. No line moves in it, so
that messages name the lines of the file itself. Nothing of the project is written.
"""

from __future__ import annotations

import datetime
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

#: By this variable the engine takes the settings from another file, as its option --config-file does (3.259.0).
CONFIG_FILE = "PULUMI_OPTION_CONFIG_FILE"
SETTINGS_KEY = ":environment"
DAY = "today"


@contextmanager
def as_of(project: Path, environment: str, day: datetime.date | None) -> Iterator[tuple[Path, Path | None]]:
    """(the folder to preview, the file of settings to give the engine); the project itself without a day."""
    if day is None:
        yield project, None
        return
    name = f"Pulumi.{environment}.yaml"
    with tempfile.TemporaryDirectory(prefix="as-of-") as temporary:
        folder = Path(temporary) / "project"
        folder.mkdir()
        for entry in project.iterdir():
            if entry.name not in (name, ".git"):
                (folder / entry.name).symlink_to(entry.resolve(), target_is_directory=entry.is_dir())
        (folder / name).write_text(dated((project / name).read_text(encoding="utf-8"), day), encoding="utf-8")
        config = None
        if given := os.environ.get(CONFIG_FILE):
            config = Path(temporary) / name
            config.write_text(dated(Path(given).read_text(encoding="utf-8"), day), encoding="utf-8")
        yield folder, config


def dated(text: str, day: datetime.date) -> str:
    """Settings of an environment with that day; unchanged where they hold no settings of this platform."""
    environment = _environment(text)
    if environment is None or not environment.value:
        return text
    for key, value in environment.value:
        if key.value == DAY:
            return f"{text[: value.start_mark.index]}{day}{text[value.end_mark.index :]}"
    if environment.flow_style:
        start = environment.start_mark.index + 1
        return f"{text[:start]}{DAY}: {day}, {text[start:]}"
    first, last = environment.value[0][0], environment.value[-1][1]
    end = len(text[: _end(last).end_mark.index].rstrip())  # that of a text of many lines is where the next thing begins
    rest = text.find("\n", end)
    cut = len(text) if rest < 0 else rest
    return f"{text[:cut]}\n{' ' * first.start_mark.column}{DAY}: {day}{text[cut:]}"


def _environment(text: str) -> yaml.MappingNode | None:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return None  # the settings' own check tells of it, with the line
    config = _value(node, lambda key: key == "config")
    found = _value(config, lambda key: key.endswith(SETTINGS_KEY))
    return found if isinstance(found, yaml.MappingNode) else None


def _value(node: yaml.Node | None, wanted) -> yaml.Node | None:
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((value for key, value in pairs if wanted(str(key.value))), None)


def _end(node: yaml.Node) -> yaml.Node:
    """The last piece of text of a node; the mark of a block collection is where the next one begins."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return node
