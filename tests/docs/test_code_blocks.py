"""Every block of code in every document is of a kind that something checks, and passes that check."""

from __future__ import annotations

import pytest

from tests.docs.block_kinds import kind_of
from tests.docs.command_lines import commands
from tests.docs.documents import Block, Span, blocks, blocks_of, documents, spans
from tests.docs.programs import check_of, problems_of_command


def problems(block: Block) -> list[str]:
    kind = kind_of(block)
    if kind is None:
        return [
            f"{block.place}: nothing checks this block ({block.info or 'no language'}); see tests/docs/block_kinds.py"
        ]
    return [f"{block.place}: {kind.name}: {problem}" for problem in kind.check(block)]


def problems_of_span(span: Span) -> list[str]:
    """What is wrong with a command in a sentence; anything else than a command is none of ours."""
    if not (span.text.split() and check_of(span.text.split()[0])):
        return []
    try:
        return [f"{span.place}: {line}" for command in commands(span.text) for line in problems_of_command(command)]
    except ValueError as error:
        return [f"{span.place}: no shell text: {error}"]


def test_every_block_of_every_document_is_checked_and_right() -> None:
    assert {"README.md", "sandbox/README.md", "docs/for-teams.md"} <= set(documents())
    assert len(blocks()) > 30
    found = [problem for block in blocks() for problem in problems(block)]
    assert not found, "\n".join(found)


def test_every_command_in_sentences_and_tables_exists_as_it_is_written() -> None:
    assert sum(check_of((span.text.split() or [""])[0]) is not None for span in spans()) > 60
    found = [problem for span in spans() for problem in problems_of_span(span)]
    assert not found, "\n".join(found)


WRONG = {
    "a block of no kind": ("```\nwhatever this is\n```", "nothing checks this block"),
    "an unknown language": ("```cobol\nSTOP RUN.\n```", "nothing checks this block (cobol)"),
    "a target that is gone": ("```sh\nmake previw ENV=dev\n```", "no target 'previw'"),
    "a variable that no recipe uses": ("```sh\nmake preview STACK=dev\n```", "does not use STACK"),
    "an environment that is gone": ("```sh\nmake preview ENV=staging\n```", "no environment 'staging'"),
    "a module that is gone": ("```sh\npython -m components.costs plan\n```", "python -m components.costs"),
    "a command that is gone": ("```sh\npython -m components.cost plans\n```", "no command 'plans'; it has plan,"),
    "a flag that is gone": ("```sh\npython -m components.cost plan --enviroment dev\n```", "--enviroment"),
    "a value too many": ("```sh\npython -m components.cost plan dev\n```", "unexpected extra argument"),
    "arguments that nobody reads": ("```sh\npython -m stacks.schema --check\n```", "takes no arguments"),
    "a wrong second command": ("```sh\ncd x && make tset\n```", "nobody checks commands of 'cd'"),
    "an unknown flag of gcloud": ("```sh\ngcloud run jobs execute a --asynch\n```", "unknown flag --asynch"),
    "an object of no component": ("```sh\nkubectl -n kserv get pods\n```", "nothing here is called 'kserv'"),
    "a requirements file that is gone": ("```sh\npip install -r requirements-ci.txt\n```", "no file requirements-ci"),
    "a quote that is open": ("```sh\nmake 'demo\n```", "no shell text"),
    "a wrong team file": ("```yaml\nschema: 1\nteam: a\n```", "owner: Field required"),
    "a wrong line of a deployment": ("```yaml\n    canary_percent: 200\n```", "canary_percent: Input should be"),
    "a wrong setting": ("```yaml\ningress: {exposure: worldwide}\n```", "ingress.exposure"),
    "YAML of no kind": ("```yaml\na: 1\n```", "nothing checks this block"),
    "no YAML": ("```yaml\na: [\n```", "no YAML"),
    "no JSON": ("```json\n{a: 1}\n```", "no JSON"),
    "an unknown quota": ('```json\n{"NVIDIA-L5-GPUS-per-project-region": 1}\n```', "knows no 'NVIDIA-L5"),
    "no Python": ("```python\nprint(\n```", "no Python"),
    "an import that is gone": (
        "```python\nfrom components.naming import nothing\n```",
        "cannot import components.naming",
    ),
    "a program of nobody": ("```go\nfunc elsewhere() {}\n```", "no file of examples"),
    "an unknown formula": ("a\n\n    key of d = 1\n", "nothing checks this block (indented)"),
    "a file that no test writes": ("```yaml file=a.yaml\na: 1\n```", "is followed by a test"),
}


@pytest.mark.parametrize(("text", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told_with_its_place(text: str, message: str) -> None:
    told = [problem for block in blocks_of("docs/x.md", text) for problem in problems(block)]
    assert any(line.startswith("docs/x.md:") and message in line for line in told), told


def test_a_command_of_a_sentence_is_checked_as_one_of_a_block_is() -> None:
    assert problems_of_span(Span("docs/x.md", 3, "make tset")) == ["docs/x.md:3: the Makefile has no target 'tset'"]
    assert problems_of_span(Span("docs/x.md", 3, "components/naming.py")) == []
