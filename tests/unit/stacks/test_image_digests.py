"""Digests of what is installed: asked of a registry, written into settings, demanded where they must be, put behind tags."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from components.kubernetes import authorization_service, keda, knative_serving, kserve_values, kyverno, opencost
from components.sizing.catalogue import load_catalogue
from stacks import image_digests, installed_images
from stacks.environment import read_environment
from stacks.installed_images import EXAMPLE, OF_CHARTS, digests_by_name
from stacks.plan import make_plan
from stacks.registry import ACCEPTED, RegistryError, digest_of
from stacks.settings import EnvironmentSettings
from tests.unit.stacks.test_environment_files import TODAY, Tree, tree

__all__ = ["tree"]

ROOT = Path(__file__).resolve().parents[3]
DIGEST = f"sha256:{'5b3c' * 16}"
ENGINE = "docker.io/vllm/vllm-openai:v0.33.0"
TOKEN = "for-reading"  # noqa: S105  (of a registry of this test)


class Registry(BaseHTTPRequestHandler):
    """`open/*` needs nothing, `token/*` a token for that repository, `login/*` a login; `odd/*` names no digest."""

    def do_HEAD(self) -> None:
        _, version, owner, name, kind, tag = self.path.split("/")
        assert (version, kind, self.headers["Accept"]) == ("v2", "manifests", ACCEPTED)
        host = self.headers["Host"]
        if owner == "token" and self.headers.get("Authorization") != f"Bearer {TOKEN}":
            scope = f"repository:{owner}/{name}:pull"
            challenge = f'Bearer realm="http://{host}/token",service="registry.test",scope="{scope}"'
            self._answer(401, {"WWW-Authenticate": challenge})
        elif owner == "login":
            self._answer(401, {"WWW-Authenticate": 'Basic realm="here"'})
        elif tag == "v9.9.9":
            self._answer(404, {})
        else:
            self._answer(200, {"Docker-Content-Digest": "sha512:abc" if owner == "odd" else DIGEST})

    def do_GET(self) -> None:
        right = "/token?scope=repository%3Atoken%2Fimage%3Apull&service=registry.test"
        body = f'{{"token": "{TOKEN}"}}'.encode()
        self._answer(200 if self.path == right else 403, {"Content-Length": str(len(body))}, body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""

    def _answer(self, code: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def registry() -> Iterator[str]:
    """Its host and port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("owner", ["open", "token"])
def test_a_registry_tells_the_digest_of_a_tag_with_and_without_a_token(registry: str, owner: str) -> None:
    assert digest_of(f"{registry}/{owner}/image:v1.2.3") == DIGEST


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("open/image:v9.9.9", "answers 404"),
        ("login/image:v1.2.3", "the registry wants a login"),
        ("token/other:v1.2.3", "gives no token: 403"),
        ("odd/image:v1.2.3", "names 'sha512:abc' as its digest"),
        ("open/image", "is no image with registry and tag"),
        (f"open/image@{DIGEST}", "is no image with registry and tag"),
    ],
)
def test_what_a_registry_does_not_tell_is_an_error_with_its_reason(registry: str, path: str, reason: str) -> None:
    with pytest.raises(RegistryError, match=reason):
        digest_of(f"{registry}/{path}")


def test_a_registry_that_is_not_there_is_told() -> None:
    with pytest.raises(RegistryError, match=r"127\.0\.0\.1:9 cannot be reached"):
        digest_of("127.0.0.1:9/open/image:v1.2.3")


def test_the_command_prints_lines_that_the_settings_take(registry: str) -> None:
    images = [f"{registry}/open/image:v1.2.3", f"{registry}/token/image:v1.2.3"]
    done = CliRunner().invoke(image_digests.app, images)
    assert done.exit_code == 0
    printed = yaml.safe_load(done.stdout)["image_digests"]
    assert printed == dict.fromkeys(images, DIGEST)
    settings = read_environment(ROOT, "dev")[0].settings.model_dump()
    assert EnvironmentSettings.model_validate({**settings, "image_digests": printed}).image_digests == printed


def test_the_command_ends_with_1_where_one_is_not_told_and_with_2_where_it_cannot_start(registry: str) -> None:
    images = [f"{registry}/open/image:v9.9.9", f"{registry}/open/image:v1.2.3"]
    failed = CliRunner().invoke(image_digests.app, images)
    assert failed.exit_code == 1
    assert "v9.9.9: 127.0.0.1" in failed.stderr
    assert list(yaml.safe_load(failed.stdout)["image_digests"]) == images[1:]
    assert CliRunner().invoke(image_digests.app, []).exit_code == 2
    assert CliRunner().invoke(image_digests.app, ["--env", "nowhere"]).exit_code == 2


def test_the_command_asks_for_all_that_an_environment_installs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(image_digests, "digest_of", lambda _: DIGEST)
    done = CliRunner().invoke(image_digests.app, ["--env", "prod"])
    environment, _ = read_environment(ROOT, "prod")
    assert list(yaml.safe_load(done.stdout)["image_digests"]) == list(environment.settings.image_digests)


def test_prod_says_that_its_digests_are_placeholders_until_they_are_replaced() -> None:
    environment, today = read_environment(ROOT, "prod")
    assert set(environment.settings.image_digests.values()) == {EXAMPLE}
    plan = make_plan(environment, today)
    (warning,) = [one for one in plan.warnings if one.startswith("image_digests")]
    assert "the digest of nothing" in warning
    assert "python -m stacks.image_digests --env prod" in warning


def with_digests(tree: Tree, digests: dict[str, str], required: bool = False) -> Tree:
    rows = "".join(f"      {image}: {digest}\n" for image, digest in digests.items())
    lines = f"    require_digests: {str(required).lower()}\n    image_digests:\n{rows}    secrets:\n"
    return tree.edit("Pulumi.dev.yaml", "    secrets:\n", lines)


def test_where_digests_are_demanded_each_one_that_is_missing_is_named(tree: Tree) -> None:
    (problem,) = with_digests(tree, {ENGINE: DIGEST}, required=True).problems()
    assert problem.startswith("Pulumi.dev.yaml: image_digests: lacks docker.io/kserve/agent:v0.20.0, ")
    assert ENGINE not in problem
    assert "python -m stacks.image_digests --env dev" in problem


def test_a_digest_stands_behind_the_tag_that_it_was_looked_up_for_and_behind_no_other(tree: Tree) -> None:
    older = ENGINE.replace("0.33.0", "0.32.0")
    plan = with_digests(tree, {ENGINE: DIGEST, older: EXAMPLE}).plan(TODAY)
    for planned in plan.deployments:
        assert planned.model["image"] == planned.published["image"] == f"{ENGINE}@{DIGEST}"
    assert digests_by_name(plan.environment.settings, load_catalogue()) == {ENGINE.rpartition(":")[0]: DIGEST}
    assert f"image_digests of {older} have no effect: nothing installs these; remove them" in plan.warnings


@pytest.mark.parametrize(
    ("image", "digest", "reason"),
    [
        ("vllm/vllm-openai:v0.33.0", "sha256:abc", "image_digests.vllm/vllm-openai:v0.33.0"),
        ("docker.io/vllm/vllm-openai", DIGEST, "image_digests.docker.io/vllm/vllm-openai"),
    ],
)
def test_what_is_no_reference_with_a_tag_or_no_digest_is_refused(
    tree: Tree, image: str, digest: str, reason: str
) -> None:
    assert any(reason in problem for problem in with_digests(tree, {image: digest}).problems())


def test_the_list_names_what_the_components_install() -> None:
    listed = {f"{start}{part}" for _, start, parts in OF_CHARTS for part in parts}
    assert listed >= {f"{keda.REGISTRY}/{path}" for *_, path, _ in keda.PARTS}
    assert listed >= {f"{kyverno.REGISTRY}/{path}" for path in kyverno.IMAGES.values()}
    assert listed >= set(knative_serving.OPERATOR_IMAGES.values())
    assert installed_images.PROXY == kserve_values.PROXY_IMAGE
    assert installed_images.AUTHORIZATION == authorization_service.IMAGE
    assert installed_images.COST.startswith(f"{opencost.REGISTRY}/{opencost.IMAGE_PATH}:")
    assert f"{opencost.FRONTEND_IMAGE}:{opencost.FRONTEND_TAG}" == installed_images.METRICS
