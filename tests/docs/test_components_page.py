"""The refusal that docs/components.md quotes is what the program on that page gets with that argument."""

from __future__ import annotations

import re

import pytest
import yaml
from pulumi.errors import InputPropertiesError

from components.deprecation_notes import Notes
from components.provider import PackageProvider
from tests.docs.documents import blocks

# it loads the SDKs of both providers
pytestmark = pytest.mark.slow


def test_the_refusal_that_is_quoted_is_what_the_program_of_the_page_gets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Notes, "spelt", str)  # a provider sets it for its process
    program, quoted = (
        next(block.text for block in blocks() if block.file == "docs/components.md" and block.language == language)
        for language in ("yaml", "text")
    )
    (resource,) = yaml.safe_load(program)["resources"].items()
    name, given = resource[0], resource[1]["properties"]
    # what other resources of the example give
    properties = {key: value.strip("${}") if isinstance(value, str) else value for key, value in given.items()}
    told = re.fullmatch(
        rf"\S+ resource '{name}' has a problem: (.*)\n- property (\S+) with value '{{(.*)}}' has a problem: (.*)\n",
        quoted,
    )
    assert told is not None
    message, path, value, reason = told.groups()
    properties["wish"] = {**given["wish"], path.removeprefix("wish."): float(value)}
    with pytest.raises(InputPropertiesError) as refused:
        PackageProvider().construct(name, resource[1]["type"].replace(":", ":index:"), properties)
    assert refused.value.message == message
    assert [(one["property_path"], one["reason"]) for one in refused.value.errors or []] == [(path, reason)]
