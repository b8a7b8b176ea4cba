"""Which machine types system nodes may be, and what is said of the others."""

from __future__ import annotations

import pytest

from components.google.system_machines import MACHINE_TYPES, check_system_machine

LISTED = (
    "c2-standard-4",
    "c3d-highmem-360",
    "e2-medium",
    "e2-standard-4",
    "n1-standard-2",
    "n2d-highcpu-224",
    "t2d-standard-60",
)


@pytest.mark.parametrize("machine_type", [*LISTED, "n2-custom-4-8192", "n2-custom-2-24576-ext"])
def test_what_exists_and_suits_is_taken(machine_type: str) -> None:
    check_system_machine(machine_type)


@pytest.mark.parametrize(
    ("machine_type", "message"),
    [
        (
            "e2-standart-4",
            r"'e2-standart-4' is none that suits .*did you mean 'e2-standard-4'\? Allowed: e2-medium, .*n2-standard",
        ),
        ("E2-standard-4", r"did you mean 'e2-standard-4'\?"),
        ("e2-standard-6", r"e2-standard has 2, 4, 8, 16, 32 vCPU"),
        ("e2-highcpu-2", r"e2-highcpu has 4, 8, 16, 32 vCPU"),
        ("e2-micro", r"none that suits"),
        ("g2-standard-8", r"none that suits"),
        ("a3-highgpu-1g", r"none that suits"),
        ("t2a-standard-4", r"none that suits"),
        ("n2-custom-3-8192", r"has 3 vCPU and 8192 MiB; an even number"),
        ("n2-custom-4-8000", r"steps of 256"),
        ("n2-custom-2-2048", r"at least 4096 MiB"),
        ("", r"none that suits"),
    ],
)
def test_what_does_not_exist_or_suit_is_refused_with_what_is_possible(machine_type: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_system_machine(machine_type)


def test_series_without_persistent_disk_need_hyperdisk() -> None:
    with pytest.raises(
        ValueError, match=r"'n4-standard-4' boots from Hyperdisk only, .* pd-balanced; take one of c2-standard, "
    ):
        check_system_machine("n4-standard-4")
    check_system_machine("n4-standard-4", "hyperdisk-balanced")
    check_system_machine("e2-standard-4", "pd-ssd")


def test_no_machine_with_a_gpu_is_in_the_list() -> None:
    assert len(MACHINE_TYPES) == len(set(MACHINE_TYPES)) > 200
    assert not [name for name in MACHINE_TYPES if name.startswith(("a2", "a3", "a4", "g2", "g4"))]
