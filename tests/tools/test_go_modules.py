"""The pinned upstream modules are the releases that the platform installs, each with its checksum, and are there without a
network once all have been fetched.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from components.kubernetes.versions import CERT_MANAGER, KEDA, KSERVE_CRD
from sandbox.progress import SetupError
from sandbox.upstream.definitions import SOURCES
from sandbox.upstream.go_modules import PINS, fetch_all, module_folder, module_version, pinned_modules


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


@pytest.mark.slow
def test_what_was_fetched_is_there_for_programs_that_have_no_network(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As where a cluster is made on a fresh machine: its components run where nothing can be downloaded."""
    fetch_all()
    downloaded = subprocess.check_output(["go", "env", "GOMODCACHE"], text=True).strip()
    monkeypatch.setenv("GOMODCACHE", str(tmp_path))
    monkeypatch.setenv("GOFLAGS", "-modcacherw")
    module_folder.cache_clear()
    try:
        monkeypatch.setenv("GOPROXY", "off")
        with pytest.raises(SetupError, match=r"cannot be had: .*module lookup disabled by GOPROXY=off"):
            module_folder(SOURCES[0].module)
        monkeypatch.setenv("GOPROXY", Path(downloaded, "cache", "download").as_uri())
        fetch_all()
        module_folder.cache_clear()
        monkeypatch.setenv("GOPROXY", "off")
        assert {source.module for source in SOURCES} <= {*pinned_modules()}
        assert all(module_folder(one).is_relative_to(tmp_path) for one in pinned_modules())
    finally:
        module_folder.cache_clear()
