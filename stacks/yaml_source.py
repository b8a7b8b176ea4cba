"""Reads a YAML file with the line of each place in it, and refuses what YAML would silently swallow: repeated keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from stacks.problems import Path as FieldPath
from stacks.problems import Problem, field_name


class _Reader:
    """Turns YAML nodes into plain data while noting lines and repeated keys."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: dict[FieldPath, int] = {}
        self.problems: list[Problem] = []
        self._scalars = yaml.SafeLoader("")

    def read(self, node: yaml.Node, path: FieldPath = ()) -> Any:
        """Data of `node`, which stands at `path`."""
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(child, (*path, index)) for index, child in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        return self._scalars.construct_object(node)

    def _mapping(self, node: yaml.MappingNode, path: FieldPath) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            place = (*path, key)
            line = key_node.start_mark.line + 1
            if key in data:
                message = f"is written twice (first in line {self.lines[place]})"
                self.problems.append(Problem(self.file, line, field_name(place), message))
                continue
            self.lines[place] = line
            data[key] = self.read(value_node, place)
        return data


def read_yaml(path: Path, shown_as: str) -> tuple[Any, dict[FieldPath, int], list[Problem]]:
    """(data, line of each field, problems) of a YAML file that messages call `shown_as`.

    Data is None when the file is empty or no YAML; the problem then says so.
    """
    try:
        # composed with the safe resolver, so that no tag can construct anything but plain data
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        return None, {}, [Problem(shown_as, None, "", f"cannot be read: {error}")]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        return None, {}, [Problem(shown_as, line, "", f"is no valid YAML: {error.problem or error.context}")]
    except yaml.YAMLError as error:
        return None, {}, [Problem(shown_as, None, "", f"is no valid YAML: {error}")]
    if node is None:
        return None, {}, [Problem(shown_as, 1, "", "is empty")]
    reader = _Reader(shown_as)
    try:
        data = reader.read(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        return None, {}, [Problem(shown_as, mark.line + 1 if mark else None, "", f"is no plain YAML: {error.problem}")]
    except ValueError as error:
        return None, {}, [Problem(shown_as, None, "", f"holds a value that cannot be read: {error}")]
    return data, reader.lines, reader.problems
