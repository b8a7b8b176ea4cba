"""The catalogue's own consistency, and how an organisation's file is taken in or refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from components.sizing.catalogue import PurchaseOption, load_catalogue
from components.sizing.demand import Supply
from components.sizing.errors import SizingError
from components.sizing.places import places

FLAGS = json.loads((Path(__file__).parents[2] / "data" / "vllm_flags.json").read_text(encoding="utf-8"))

OWN_GPU = """
accelerators:
  - id: nvidia-own
    name: Own
    cuda_total_gib: 40.0
    cuda_total_high_gib: 41.0
    compute_capability: "9.0"
    bandwidth_gb_per_s: 1000
    bf16_dense_tflops: 300
    link: nvlink
    data_center: true
    min_cuda: "12.0"
    regions: [us-central1]
    source: measured by us
    date: 2026-11-01
"""


def written(tmp_path: Path, text: str) -> Path:
    """A catalogue file with that text."""
    path = tmp_path / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_only_machines_without_a_public_price_have_none_in_the_environments_region_and_they_are_no_choice() -> None:
    catalogue = load_catalogue()
    without = {m.id for m in catalogue.machines if catalogue.machine_price(m.id, "us-central1") is None}
    # no price list names them there; A3 Mega and GB300 are not offered in us-central1 at all
    assert without == {
        "a2-megagpu-16g",
        "a3-megagpu-8g",
        "a4-highgpu-8g",
        "a4x-highgpu-4g",
        "a4x-maxgpu-4g-metal",
    }
    order: tuple[PurchaseOption, ...] = ("reservation", "on-demand", "flex-start", "spot")
    plenty = {accelerator.id: 100 for accelerator in catalogue.accelerators}
    supply = Supply("us-central1", ("us-central1-a", "us-central1-b"), "0.33.0", order, order, plenty, plenty)
    hosts, _ = places(supply, catalogue, False, False)
    assert not without & {host.machine.id for host in hosts if host.machine}


def test_only_engines_whose_flags_are_known_are_deployable_and_every_engine_was_replayed_against_its_planner() -> None:
    engines = load_catalogue().engines
    deployable = {engine.version for engine in engines if engine.deployable}
    assert "0.33.0" in deployable
    assert deployable <= set(FLAGS)
    assert {engine.evidence for engine in engines} == {"planner"}


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
