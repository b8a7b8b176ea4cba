"""LoRA adapters: buffers by hand, arguments, what is refused, and what must lie in the bucket."""

from __future__ import annotations

from dataclasses import replace

import pytest

from components.sizing.catalogue import load_catalogue
from components.sizing.demand import Adapter
from components.sizing.engine_arguments import engine_arguments, read_arguments
from components.sizing.engine_config import Load
from components.sizing.errors import SizingError
from components.sizing.extra_checkpoints import ExtraCheckpoint, extra_checkpoints
from components.sizing.legality import why_illegal
from components.sizing.lora import adapter_bytes, buffer_tensors, pass_bytes, rank_of_buffers
from components.sizing.memory import assess
from components.sizing.placement import place
from components.sizing.published import published
from tests.unit.sizing.configurations import engine_config
from tests.unit.sizing.test_placement import FLAGS, SUPPLY, SUPPORT

CATALOGUE = load_catalogue()
TONE, LAW = Adapter("tone", 16, "adapters/support/tone", "v3"), Adapter("law", 20, "adapters/support/law")
WISH = replace(SUPPORT, adapters=(TONE, LAW))
MOE, DENSE = "google/gemma-4-26B-A4B-it", "google/gemma-4-31B-it"
IMAGE = "vllm/vllm-openai:v0.33.0"


def buffers(model: str, engine: str = "0.33.0", ranks: int = 1, loras: int = 1, rank: int = 16) -> int:
    """Bytes of all buffers on one GPU."""
    return sum(buffer_tensors(CATALOGUE.model(model), CATALOGUE.engine(engine), ranks, loras, rank))


def test_buffers_of_31b_over_two_gpus_worked_by_hand() -> None:
    # a sliding layer: A of q, k, v 3 x 5376, B 4096 + 2 x 2048; o 4096 + 5376; gate, up 2 x (5376 + 10752); down 10752 + 5376
    sliding = 16128 + 8192 + 9472 + 10752 + 21504 + 16128
    # a full layer has 16 heads of 512 and two key-value heads on each GPU: B 8192 + 2 x 1024; o 8192 + 5376
    full = 16128 + 10240 + 13568 + 10752 + 21504 + 16128
    assert buffers("gemma-4-31b-it", ranks=2) == 16 * 2 * (50 * sliding + 10 * full) == 159_744_000


def test_experts_take_most_of_26bs_buffers() -> None:
    # each of 128 experts in 30 layers: A and B of gate and up 2 x (2816 + 704), of down 704 + 2816
    experts = 30 * 128 * (2 * (2816 + 704) + 704 + 2816) * 8 * 2
    whole = buffers("gemma-4-26b-a4b-it", rank=8)
    assert experts == 648_806_400
    assert experts < whole < experts * 1.06


def test_layers_without_keys_of_their_own_have_no_buffers_for_them_since_0_30() -> None:
    # 20 layers of E2B: A of k and v 2 x 1536, B 2 x 256 in 16 of them and 2 x 512 in 4
    keys = 20 * 2 * 1536 + 2 * (16 * 256 + 4 * 512)
    assert buffers("gemma-4-e2b-it", "0.29.0") - buffers("gemma-4-e2b-it") == keys * 16 * 2


def test_buffers_grow_with_adapters_and_rank_whatever_the_adapters_hold() -> None:
    one = buffers("gemma-4-e4b-it")
    assert buffers("gemma-4-e4b-it", loras=3) == 3 * one
    assert buffers("gemma-4-e4b-it", rank=64) == 4 * one
    assert adapter_bytes(CATALOGUE.model("gemma-4-e4b-it"), 16) == pytest.approx(one, rel=0.01)


@pytest.mark.parametrize(("rank", "buffer"), [(1, 8), (8, 8), (9, 16), (129, 256), (257, 320), (321, 512), (513, None)])
def test_a_rank_takes_the_next_size_that_the_engine_has(rank: int, buffer: int | None) -> None:
    assert rank_of_buffers(rank) == buffer


def test_the_budget_has_the_buffers_twice_the_graphs_and_less_pool() -> None:
    plain = engine_config(DENSE, max_num_seqs=8)
    config = plain._replace(max_loras=2, max_lora_rank=16)
    load = Load(8, 0, 1024)
    with_adapters, without = assess(config, load), assess(plain, load)
    terms = {term.name: term for term in with_adapters.terms}
    adapters = terms["adapters"]
    assert adapters.low_bytes >= buffers("gemma-4-31b-it", loras=2)
    assert adapters.low_bytes < 1.05 * buffers("gemma-4-31b-it", loras=2)  # rounded up by the allocator
    # 3 float32 rows of the rank for each of 2,048 tokens
    assert adapters.typical_bytes - adapters.low_bytes == pass_bytes(config.model, 2048, 16) == 4 * 3 * 2048 * 16
    graphs = {term.name: term for term in without.terms}["CUDA graphs"]
    assert terms["CUDA graphs"].typical_bytes > 1.5 * graphs.typical_bytes
    assert without.pool.typical - with_adapters.pool.typical == pytest.approx(
        adapters.typical_bytes + terms["CUDA graphs"].typical_bytes - graphs.typical_bytes, abs=2
    )


@pytest.mark.parametrize("version", ["0.24.0", "0.25.1", "0.33.0"])
def test_arguments_name_each_adapter_at_its_mount_and_read_back_as_the_same_configuration(version: str) -> None:
    record = place(WISH, replace(SUPPLY, engine_version=version), CATALOGUE)
    config = record.budget.config
    arguments = engine_arguments(record, f"gs://models/{config.checkpoint.id}")
    assert arguments[-6:] == [
        "--enable-lora",
        "--max-loras=2",
        "--max-lora-rank=32",
        "--lora-modules",
        "tone=/adapters/adapters/support/tone/v3",
        "law=/adapters/adapters/support/law",
    ]
    assert {"--enable-lora", "--max-loras", "--max-lora-rank", "--lora-modules"} <= set(FLAGS[version])
    assert "32" in FLAGS[version]["--max-lora-rank"]["choices"]
    assert read_arguments(arguments, config.engine.image.reference, config.accelerator, CATALOGUE) == config


def test_absent_flags_take_the_engines_defaults_and_without_the_switch_there_are_no_buffers() -> None:
    l4 = CATALOGUE.accelerator("nvidia-l4")
    config = read_arguments(
        ["google/gemma-4-E4B-it", "--enable-lora", "--lora-modules", "a=/x", "b=/y"], IMAGE, l4, CATALOGUE
    )
    assert (config.max_loras, config.max_lora_rank) == (1, 16)
    config = read_arguments(["google/gemma-4-E4B-it", "--max-lora-rank=64"], IMAGE, l4, CATALOGUE)
    assert (config.max_loras, config.max_lora_rank) == (0, 0)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--enable-lora", "--fully-sharded-loras"], "--fully-sharded-loras changes memory"),
        (["--enable-lora", "--lora-target-modules", "q_proj", "o_proj"], "--lora-target-modules changes memory"),
        (["--enable-lora", "--max-lora-rank=48"], "--max-lora-rank is 48; allowed: 8, 16, 32"),
    ],
)
def test_what_is_not_computed_of_adapters_is_refused(flags: list[str], message: str) -> None:
    with pytest.raises(SizingError, match=message):
        read_arguments(["google/gemma-4-E4B-it", *flags], IMAGE, CATALOGUE.accelerator("nvidia-l4"), CATALOGUE)


@pytest.mark.parametrize(
    ("checkpoint", "engine", "reason"),
    [
        (DENSE, "0.33.0", None),
        ("google/gemma-4-31B-it-qat-w4a16-ct", "0.33.0", None),
        ("nvidia/Gemma-4-31B-IT-NVFP4", "0.33.0", "no source says that layers in nvfp4 take adapters"),
        (MOE, "0.33.0", None),
        (
            "RedHatAI/gemma-4-26B-A4B-it-FP8-dynamic",
            "0.33.0",
            "no source says that experts in fp8 take adapters; known: bf16",
        ),
        (DENSE, "0.22.1", "adapters of Gemma 4 are wiped"),
        (MOE, "0.24.0", "adapters on 26B-A4B stop the engine at start"),
    ],
)
def test_adapters_are_served_only_where_a_source_says_so(checkpoint: str, engine: str, reason: str | None) -> None:
    found = why_illegal(engine_config(checkpoint, engine=engine, max_loras=1, max_lora_rank=16), CATALOGUE)
    assert found is None if reason is None else reason in (found or "")


def test_adapters_and_a_drafter_together_are_refused() -> None:
    with pytest.raises(SizingError, match="with a drafter and adapters together"):
        place(replace(WISH, speculative=True), SUPPLY, CATALOGUE)


@pytest.mark.parametrize(
    ("adapter", "message"),
    [
        (Adapter("a b", 16, "x"), "a name begins with a letter or digit"),
        (Adapter("tone", 16, "x"), "names the deployment or another adapter too"),
        (Adapter("helpdesk", 16, "x"), "names the deployment or another adapter too"),
        (Adapter("big", 513, "x"), "the rank is 513; allowed: 1 to 512"),
        (Adapter("up", 16, "x/../y"), "is no folder of a bucket"),
        (Adapter("root", 16, "/x"), "is no folder of a bucket"),
    ],
)
def test_an_adapter_that_cannot_be_named_or_mounted_is_refused_by_field(adapter: Adapter, message: str) -> None:
    with pytest.raises(SizingError, match=message) as caught:
        place(replace(WISH, adapters=(TONE, adapter)), SUPPLY, CATALOGUE)
    assert caught.value.field == "adapters"


def test_adapters_must_lie_in_the_bucket_and_are_published_with_their_mounts() -> None:
    record = place(WISH, SUPPLY, CATALOGUE)
    assert extra_checkpoints(record, CATALOGUE) == (
        ExtraCheckpoint("adapter", "adapters/support/tone", "v3"),
        ExtraCheckpoint("adapter", "adapters/support/law", None),
    )
    assert published(record)["adapters"][0] == {
        "name": "tone",
        "rank": 16,
        "source": "adapters/support/tone",
        "revision": "v3",
        "path": "/adapters/adapters/support/tone/v3",
    }
