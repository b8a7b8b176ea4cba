"""The other languages' pins agree with the engine's and the providers'; the generator writes an SDK, or one line and nothing."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from components.packaged import package_schema
from sandbox.engine_setup import read_pin
from sandbox.paths import ROOT, Layout
from tests.tools.pulumi_languages import GENERATOR, SOURCE, generate_sdk

EXAMPLES = ROOT / "examples"


def pinned(file: Path, pattern: str) -> str:
    """What the only match of a pattern holds."""
    (found,) = re.findall(pattern, file.read_text(encoding="utf-8"))
    return found


class TestPins:
    """Nothing is built or asked for here."""

    @pytest.mark.parametrize("module", ["pkg", "sdk"])
    @pytest.mark.parametrize("file", [SOURCE / "go.mod", ROOT / "sandbox" / "engine" / "go.mod"])
    def test_host_and_generator_are_of_the_engines_release(self, file: Path, module: str) -> None:
        version = pinned(file, rf"github\.com/pulumi/pulumi/{module}/v3 v(\S+)")
        assert version == read_pin(Layout()).version

    def test_the_go_example_is_of_the_engines_release(self) -> None:
        version = pinned(EXAMPLES / "go" / "go.mod", r"github\.com/pulumi/pulumi/sdk/v3 v(\S+)")
        assert version == read_pin(Layout()).version

    def test_the_examples_use_the_kubernetes_provider_of_the_components(self) -> None:
        components = pinned(ROOT / "requirements.txt", r"(?m)^pulumi-kubernetes==(\S+)")
        assert pinned(EXAMPLES / "typescript" / "package.json", r'"@pulumi/kubernetes": "(\S+)"') == components
        assert pinned(EXAMPLES / "go" / "main.go", r'const kubernetesProvider = "(\S+)"') == components

    def test_the_lock_file_pins_each_package_by_checksum_and_names_no_registry(self) -> None:
        locked = json.loads((EXAMPLES / "typescript" / "package-lock.json").read_text(encoding="utf-8"))["packages"]
        made_here = ("", "sdks/gemma-platform")
        for name, package in locked.items():
            assert "://" not in package.get("resolved", ""), name
            assert "integrity" in package or package.get("link") or name in made_here, name


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return package_schema()


@pytest.mark.tools
class TestGenerator:
    """What it refuses is said in one line, and no file is written."""

    @staticmethod
    def refusal(tmp_path: Path, language: Any, text: str) -> str:
        file, folder = tmp_path / "schema.json", tmp_path / "sdk"
        file.write_text(text, encoding="utf-8")
        with pytest.raises(AssertionError) as refused:
            generate_sdk(language, file, folder)
        assert not folder.exists()
        (line,) = str(refused.value).strip().splitlines()
        assert line.startswith(f"{GENERATOR}: ")
        return line

    def test_a_language_without_a_generator(self, tmp_path: Path, schema: dict[str, Any]) -> None:
        assert '"java" is no language here, allowed are nodejs, python, go' in self.refusal(
            tmp_path, "java", json.dumps(schema)
        )

    def test_a_file_that_is_no_json(self, tmp_path: Path) -> None:
        assert f"{tmp_path / 'schema.json'}: " in self.refusal(tmp_path, "go", "{name:")

    def test_a_type_that_is_not_there(self, tmp_path: Path, schema: dict[str, Any]) -> None:
        text = json.dumps(schema).replace("#/types/gemma-platform:index:Wish", "#/types/gemma-platform:index:Wisp")
        assert "gemma-platform:index:Wisp" in self.refusal(tmp_path, "nodejs", text)

    @pytest.mark.parametrize("declared", [True, False])
    def test_another_package(self, tmp_path: Path, schema: dict[str, Any], declared: bool) -> None:
        other = {"type": "object", "$ref": "/gcp/v10.2.0/schema.json#/resources/gcp:storage%2Fbucket:Bucket"}
        text = json.loads(json.dumps(schema))
        text["resources"]["gemma-platform:index:ModelBucket"]["inputProperties"]["copy"] = other
        text["dependencies"] = [{"name": "gcp", "version": "10.2.0"}] if declared else []
        assert "refers to the package gcp" in self.refusal(tmp_path, "python", json.dumps(text))

    def test_an_sdk_for_python_has_the_components_with_their_arguments(
        self, tmp_path: Path, schema: dict[str, Any]
    ) -> None:
        (tmp_path / "schema.json").write_text(json.dumps(schema), encoding="utf-8")
        generate_sdk("python", tmp_path / "schema.json", tmp_path / "sdk")
        (package,) = (folder.parent.name for folder in (tmp_path / "sdk").glob("*/gemma_deployment.py"))
        # an SDK asks for the version under which pip has installed it
        (tmp_path / "sdk" / f"{package}-1.dist-info").mkdir()
        metadata = f"Metadata-Version: 2.1\nName: {package}\nVersion: {schema['version']}\n"
        (tmp_path / "sdk" / f"{package}-1.dist-info" / "METADATA").write_text(metadata, encoding="utf-8")
        asked = f"import inspect, {package} as sdk; print(*inspect.signature(sdk.GemmaDeploymentArgs).parameters)"
        env = {**os.environ, "PYTHONPATH": str(tmp_path / "sdk")}
        done = subprocess.run([sys.executable, "-c", asked], env=env, capture_output=True, text=True, timeout=60)
        assert {"wish", "namespace_name", "service_account"} <= set(done.stdout.split()), done.stderr
