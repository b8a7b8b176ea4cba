"""New pins: what pip resolved goes into the right file and nothing else changes; a newer engine comes with its impact."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from pipeline.errors import CiError
from pipeline.pins import engine, go_tools, packages, pages, proposal
from pipeline.pins.engine import EngineUpdate
from pipeline.pins.go_tools import Answer, GoTools
from pipeline.pins.requirements import NEEDED, Update, asked_for, rewrite
from tests.committed_files import ROOT, CommittedFiles

PROGRAM = f"""# What the program needs.
pulumi==3.272.0
Jinja2==3.1.6  # templates

{NEEDED}, pinned so that two installs are the same. pulumi-policy 1.21 wants protobuf 5.
MarkupSafe==3.0.4
leftover==1.0
"""
DEVELOPMENT = f"-r requirements.txt\n\npyright[nodejs]==1.1.414\n\n{NEEDED}.\nnodeenv==1.12.0\n"
NOTHING = GoTools([], {})
ALONE = "google-api-python-client==2.202.0\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files = {"requirements.txt": PROGRAM, "requirements-dev.txt": DEVELOPMENT, "requirements-nodeps.txt": ALONE}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def resolved(asked: Sequence[str], alone: bool) -> dict[str, str]:
    """What pip would say: a newer Jinja2 needs a package that nothing pins, and nothing needs `leftover` any more."""
    if alone:
        return {"google-api-python-client": "2.203.0"}
    found = {"pulumi": "3.272.0", "jinja2": "3.2.0", "markupsafe": "3.1.0", "brandnew": "0.1"}
    return found | ({"pyright": "1.1.414", "nodeenv": "1.12.0", "tool": "2.0"} if "pyright[nodejs]" in asked else {})


def test_each_version_goes_into_the_file_that_pins_it_and_the_rest_stays(project: Path) -> None:
    packages.update(project, resolved)
    assert (project / "requirements.txt").read_text(encoding="utf-8") == (
        PROGRAM.replace("Jinja2==3.1.6", "Jinja2==3.2.0")
        .replace("MarkupSafe==3.0.4", "MarkupSafe==3.1.0")
        .replace("leftover==1.0\n", "brandnew==0.1\n")
    )
    assert (project / "requirements-dev.txt").read_text(encoding="utf-8") == DEVELOPMENT + "tool==2.0\n"
    assert (project / "requirements-nodeps.txt").read_text(encoding="utf-8") == "google-api-python-client==2.203.0\n"


def test_nothing_newer_changes_no_file(project: Path) -> None:
    packages.update(project, resolved)
    before = {path: path.stat().st_mtime_ns for path in project.iterdir()}
    assert packages.update(project, resolved) == []
    assert {path: path.stat().st_mtime_ns for path in project.iterdir()} == before


def test_a_package_that_is_asked_for_never_goes() -> None:
    text, updates = rewrite(PROGRAM, {})
    assert "pulumi==3.272.0\n" in text
    assert [one.package for one in updates] == ["MarkupSafe", "leftover"]


def test_what_is_asked_for_stands_before_the_line_about_the_rest() -> None:
    assert asked_for(PROGRAM) == ["pulumi", "Jinja2"]
    committed = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert "pulumi-gcp" in asked_for(committed)
    assert "protobuf" not in asked_for(committed)
    assert "pyright[nodejs]" in asked_for((ROOT / "requirements-dev.txt").read_text(encoding="utf-8"))


@pytest.mark.slow
def test_an_environment_behind_the_catalogue_gets_its_newest_engine_with_the_impact(tmp_path: Path) -> None:
    files = CommittedFiles(tmp_path, "dev").edit("Pulumi.dev.yaml", "engine_version: 0.33.0", "engine_version: 0.25.1")
    found = engine.update(tmp_path, "dev")
    assert found is not None
    assert (found.old, found.new, found.holds) == ("0.25.1", "0.33.0", True)
    assert "payments/assistant" in found.impact
    assert "engine_version: 0.33.0" in (files.folder / "Pulumi.dev.yaml").read_text(encoding="utf-8")
    assert engine.update(tmp_path, "dev") is None


@pytest.mark.slow
def test_an_impact_that_cannot_be_computed_leaves_the_settings_alone(tmp_path: Path) -> None:
    CommittedFiles(tmp_path, "dev").edit("Pulumi.dev.yaml", "engine_version: 0.33.0", "engine_version: 0.1.0")
    with pytest.raises(CiError, match=r"(?s)impact of 0\.33\.0 on dev could not be computed"):
        engine.update(tmp_path, "dev")
    assert "engine_version: 0.1.0" in (tmp_path / "Pulumi.dev.yaml").read_text(encoding="utf-8")


def test_newer_go_tools_are_told_with_the_module_that_holds_the_tool(tmp_path: Path) -> None:
    folder = tmp_path / "tests" / "tools" / "linter"
    folder.mkdir(parents=True)
    required = "require (\n\texample.com/linter/v2 v2.1.0\n\texample.com/other v1.0.0\n)\n"
    text = f"module x\n\ngo 1.26.0\n\ntool example.com/linter/v2/cmd/linter\n\n{required}"
    (folder / "go.mod").write_text(text, encoding="utf-8")
    found = go_tools.look(tmp_path, lambda _, modules: Answer(dict.fromkeys(modules, "v2.2.0"), {}))
    assert found == GoTools([Update("example.com/linter/v2", "v2.1.0", "v2.2.0")], {})


def test_a_module_that_the_proxy_does_not_list_is_named_beside_what_is_newer(tmp_path: Path) -> None:
    for name in ("linter", "other"):
        folder = tmp_path / "tests" / "tools" / name
        folder.mkdir(parents=True)
        text = f"module x\n\ntool example.com/{name}\n\nrequire (\n\texample.com/{name} v1.0.0\n)\n"
        (folder / "go.mod").write_text(text, encoding="utf-8")
    refused = Answer({}, {"example.com/linter": "403 Forbidden"})
    newer = Answer({"example.com/other": "v1.1.0"}, {})
    found = go_tools.look(tmp_path, lambda folder, _: refused if folder.name == "linter" else newer)
    body = proposal.body([], [], found)
    assert "| example.com/linter | 403 Forbidden |" in body
    assert "| example.com/other | v1.0.0 | v1.1.0 |" in body
    with pytest.raises(CiError, match="says nothing of any Go tool, first: no route"):
        go_tools.look(tmp_path, lambda _, modules: Answer({}, dict.fromkeys(modules, "no route")))


def test_every_wrapper_module_names_its_tools() -> None:
    files = [file for place in go_tools.PLACES for file in ROOT.glob(place)]
    named = [file for file in files if "\ntool " in file.read_text(encoding="utf-8")]
    assert named
    for file in named:
        assert go_tools.tool_modules(file.read_text(encoding="utf-8")), file


def test_the_proposal_has_what_changed_and_says_first_what_no_longer_fits(project: Path) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=project, check=True)
    subprocess.run(["git", "add", "."], cwd=project, check=True)
    (project / "notes.txt").write_text("not a pin", encoding="utf-8")
    found = packages.update(project, resolved)
    engines = [EngineUpdate("prod", "0.25.1", "0.33.0", "risk/faq no longer fits", False)]
    proposal.write(project, project / "out", found, engines, GoTools([Update("example.com/linter", "v1", "v2")], {}))
    body = (project / "out" / "body.md").read_text(encoding="utf-8")
    assert body.index("**not every deployment still fits**") < body.index("| Jinja2 | 3.1.6 | 3.2.0 |")
    assert "| leftover | 1.0 | needed no more |" in body
    patch = (project / "out" / "pins.patch").read_text(encoding="utf-8")
    assert "+Jinja2==3.2.0" in patch
    assert "notes.txt" not in patch


def test_pages_that_cannot_be_written_are_told_with_the_reason(tmp_path: Path) -> None:
    makefile = tmp_path / "Makefile"
    makefile.write_text("docs:\n\t@echo nothing fits any more; exit 1\n", encoding="utf-8")
    failed = pages.write_pages(tmp_path)
    assert failed is not None
    assert "nothing fits any more" in failed
    assert "nothing fits any more" in proposal.body([], [], NOTHING, failed)
    makefile.write_text("docs:\n\t@echo written\n", encoding="utf-8")
    assert pages.write_pages(tmp_path) is None
    assert "make docs" not in proposal.body([], [], NOTHING)
