"""The catalogue's own consistency, and how an organisation's file is taken in or refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.sizing.catalogue import load_catalogue
from components.sizing.errors import SizingError

OWN_GPU = """
accelerators:
  - id: nvidia-own
    name: Own
    cuda_total_gib: 40.0
    compute_capability: "9.0"
    bandwidth_gb_per_s: 1000
    bf16_dense_tflops: 300
    regions: [us-central1]
    source: measured by us
    date: 2026-11-01
"""


def written(tmp_path: Path, text: str) -> Path:
    """A catalogue file with that text."""
    path = tmp_path / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_machine_has_a_price_in_the_environments_region() -> None:
    catalogue = load_catalogue()
    priced = {price.machine for price in catalogue.prices.machines.rows if price.region == "us-central1"}
    assert {machine.id for machine in catalogue.machines} == priced


def test_rows_of_an_organisation_are_added_and_usable(tmp_path: Path) -> None:
    catalogue = load_catalogue(written(tmp_path, OWN_GPU))
    assert catalogue.accelerator("nvidia-own").cuda_total_bytes == 40 * 2**30


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (OWN_GPU.replace("nvidia-own", "nvidia-l4"), "accelerators lists nvidia-l4 twice"),
        (OWN_GPU.replace("cuda_total_gib", "cuda_gib"), "cuda"),
        (OWN_GPU.replace("accelerators", "acelerators"), "did you mean 'accelerators'"),
        ("machines:\n  - {id: x, accelerator: nope, gpu_count: 1, vcpu: 1, memory_gb: 1, boot_disk_type: a}", "'nope'"),
        ("- just a list", "expected a mapping"),
        ("a: [", "cannot be read"),
    ],
)
def test_a_malformed_file_is_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SizingError, match=message):
        load_catalogue(written(tmp_path, text))


def test_an_unknown_id_names_the_nearest() -> None:
    with pytest.raises(SizingError, match="did you mean 'nvidia-l4'"):
        load_catalogue().accelerator("nvidia-L4")
