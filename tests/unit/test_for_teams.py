"""Every block of docs/for-teams.md does what the page says: files are planned, commands are run against a local server."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.unit.stacks.test_environment_files import ROOT, Tree, tree

__all__ = ["tree"]

PAGE = (ROOT / "docs/for-teams.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^<!-- test: (?P<kind>[a-z ]+) -->\n```[a-z]*\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [(match["kind"], match["text"]) for match in BLOCK.finditer(PAGE)]
FILE = "stacks/dev/teams/shop.yaml"
TOKEN = "secret-of-the-test"  # noqa: S105 - known to the server below only


def blocks(kind: str) -> list[str]:
    return [text for of, text in BLOCKS if of == kind]


@pytest.fixture
def shop(tree: Tree) -> Tree:
    """dev with the team of the page."""
    (text,) = blocks("team file")
    return tree.write(FILE, text)


@pytest.fixture
def server() -> Iterator[str]:
    """An endpoint that knows one model and one token. Yields its base URL."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self, body: object) -> None:
            allowed = self.headers["Authorization"] == f"Bearer {TOKEN}"
            self.send_response(200 if allowed else 401)
            self.end_headers()
            self.wfile.write(json.dumps(body if allowed else {"error": "no token"}).encode())

        def do_GET(self) -> None:
            self.answer({"data": [{"id": "search"}]} if self.path == "/v1/models" else {"error": self.path})

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            known = self.path == "/v1/chat/completions" and asked["model"] == "search" and asked["messages"]
            self.answer({"choices": [{"message": {"content": "Hello."}}]} if known else {"error": self.path})

        def log_message(self, format: str, *args: object) -> None:
            pass

    running = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{running.server_port}/v1"
    finally:
        running.shutdown()
        thread.join()
        running.server_close()


def run(command: list[str], base_url: str) -> str:
    environment = {**os.environ, "BASE_URL": base_url, "GEMMA_TOKEN": TOKEN}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_no_block_of_the_page_is_left_untested() -> None:
    assert len(BLOCKS) == PAGE.count("\n```") // 2
    assert {kind for kind, _ in BLOCKS} == {"team file", "shell", "python", "with line"}


def test_the_file_of_the_page_is_planned_as_it_stands(shop: Tree) -> None:
    planned = next(d for d in shop.plan().deployments if d.key == "shop/search")
    assert planned.record.runs_on == "gke"
    assert planned.loaded.team.on_call_group == "shop-oncall@example.com"


@pytest.mark.parametrize("line", blocks("with line"))
def test_each_line_that_changes_or_rolls_back_is_accepted_and_reloads_nothing(shop: Tree, line: str) -> None:
    def digest() -> str:
        return next(d for d in shop.plan().deployments if d.key == "shop/search").published["revision_digest"]

    before = digest()
    shop.edit(FILE, "    runs_on: gke", line + "    runs_on: gke")
    assert digest() == before


def test_the_shell_lines_list_the_model_and_get_an_answer(server: str) -> None:
    (text,) = blocks("shell")
    printed = run(["bash", "-euc", text], server)
    assert '{"data": [{"id": "search"}]}' in printed
    assert '"content": "Hello."' in printed


def test_the_python_lines_print_the_answer(server: str, tmp_path: Path) -> None:
    (text,) = blocks("python")
    program = tmp_path / "call.py"
    program.write_text(text, encoding="utf-8")
    assert run([sys.executable, str(program)], server) == "Hello.\n"


ERRORS = PAGE[PAGE.index("## What errors mean") :]
#: What a team may write, or an environment have, for each message of a preview that the page quotes.
CAUSES = {
    "above gemma-4-e4b-it's maximum of": (FILE, "context_tokens: 16384", "context_tokens: 262144"),
    "nothing in this environment can serve": (FILE, "    runs_on: gke", "    first_token_ms: 1\n    runs_on: gke"),
    "GPUs are needed at peak and during a rollout": ("Pulumi.dev.yaml", "{nvidia-l4: 8}", "{nvidia-l4: 4}"),
}


@pytest.mark.parametrize("message", CAUSES)
def test_a_preview_says_what_the_page_quotes(shop: Tree, message: str) -> None:
    assert f"| `{message}` |" in ERRORS
    (problem,) = shop.edit(*CAUSES[message]).problems()
    assert message in problem


def test_every_message_that_is_quoted_alone_is_one_of_a_preview() -> None:
    quoted = re.findall(r"^\| `([^`]+)` \|", ERRORS, re.MULTILINE)
    assert set(quoted) == set(CAUSES)


def test_a_canary_that_the_page_proposes_is_told_with_its_gpus(shop: Tree) -> None:
    canary, _, _ = blocks("with line")
    warnings = shop.edit(FILE, "    runs_on: gke", canary + "    runs_on: gke").plan().warnings
    assert any(
        w.startswith("shop/search: canary_percent 10 keeps two revisions running, 1 more nvidia-l4") for w in warnings
    )


def test_the_fields_and_files_that_the_page_names_exist() -> None:
    from stacks.team_file import DeploymentWish, TeamFile

    table = PAGE[PAGE.index("| you need | write |") : PAGE.index("All fields with their defaults")]
    named = {word.split(":")[0] for word in re.findall(r"`([a-z_]+)(?::[^`]*)?`", table)}
    assert named
    assert named <= {*DeploymentWish.model_fields, *TeamFile.model_fields}
