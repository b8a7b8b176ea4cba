"""The pinned upstream modules are the releases that the platform installs, each with its checksum. Nothing is downloaded here."""

from __future__ import annotations

import pytest

from components.kubernetes.versions import CERT_MANAGER, KEDA, KSERVE_CRD
from sandbox.progress import SetupError
from sandbox.upstream.definitions import SOURCES
from sandbox.upstream.go_modules import PINS, module_folder, module_version


@pytest.mark.parametrize(
    ("module", "version"),
    [
        ("github.com/cert-manager/cert-manager", CERT_MANAGER.app_version),
        ("github.com/kedacore/keda/v2", f"v{KEDA.app_version}"),
        ("github.com/kserve/kserve", KSERVE_CRD.app_version),
    ],
)
def test_tests_read_the_release_that_is_installed(module: str, version: str) -> None:
    assert module_version(module) == version


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.module)
def test_every_source_has_a_checksum(source) -> None:
    sums = (PINS / "go.sum").read_text(encoding="utf-8").splitlines()
    begin = f"{source.module} {module_version(source.module)}"
    assert [line for line in sums if line.startswith(f"{begin} h1:")]
    assert [line for line in sums if line.startswith(f"{begin}/go.mod h1:")]


def test_a_module_that_is_not_pinned_is_not_asked_for() -> None:
    with pytest.raises(SetupError, match=r"example\.com/other is not pinned: add it to"):
        module_folder("example.com/other")
