"""`vllm serve` arguments: written from a sizing record, and read back from any resource that carries them.

The second direction lets a policy judge what a resource really asks the engine to do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from components.sizing.catalogue import ITEM_KINDS, Accelerator, Catalogue, Checkpoint, Engine, Model
from components.sizing.engine_config import EngineConfig
from components.sizing.engine_defaults import batch_in_force
from components.sizing.errors import SizingError, did_you_mean
from components.sizing.evidence import spread_of
from components.sizing.record import SizingRecord

#: Tokens of one image unless --mm-processor-kwargs says otherwise (vllm-project/recipes @8959cf6, 2026-08-21).
DEFAULT_IMAGE_TOKENS = 280

COMMAND = ("vllm", "serve")
PORT = 8080

#: Flags that change memory in ways that `memory.py` does not compute; a rule must not guess about them.
NOT_COMPUTED = (
    "--cpu-offload-gb",
    "--enable-lora",
    "--enable-sleep-mode",
    "--kv-cache-dtype-skip-layers",
    "--kv-cache-memory-bytes",
    "--kv-offloading-size",
    "--kv-transfer-config",
    "--num-gpu-blocks-override",
    "--quantization",
)
#: KV cache dtypes with elements of two bytes and of one; others have pages of another size.
TWO_BYTE_KV, ONE_BYTE_KV = ("auto", "bfloat16", "float16"), ("fp8", "fp8_e4m3", "fp8_e5m2")
#: Short spellings of vLLM 0.33.0's parser for the flags that are read here.
ALIASES = {
    "-tp": "--tensor-parallel-size",
    "-pp": "--pipeline-parallel-size",
    "-dp": "--data-parallel-size",
    "-ep": "--enable-expert-parallel",
    "-q": "--quantization",
    "--device-memory-utilization": "--gpu-memory-utilization",
}
#: Switches take no value; every other flag read here does.
SWITCHES = (
    "--language-model-only",
    "--enforce-eager",
    "--no-async-scheduling",
    "--async-scheduling",
    "--no-enforce-eager",
    "--enable-auto-tool-choice",
    "--enable-expert-parallel",
    "--enable-lora",
    "--disable-hybrid-kv-cache-manager",
    "--enable-sleep-mode",
)


def engine_arguments(record: SizingRecord, weights_uri: str) -> list[str]:
    """Arguments after `vllm serve` for one replica, weights streamed from `weights_uri` (a gs:// folder)."""
    config, demand = record.budget.config, record.demand
    arguments = [
        weights_uri,
        f"--served-model-name={demand.name}",
        "--host=0.0.0.0",
        f"--port={PORT}",
        "--load-format=runai_streamer",
        f"--tensor-parallel-size={config.tensor_parallel_size}",
        f"--gpu-memory-utilization={config.gpu_memory_utilization:g}",
        f"--max-model-len={config.max_model_len}",
        f"--max-num-seqs={config.max_num_seqs}",
        f"--max-num-batched-tokens={config.max_num_batched_tokens}",
        "--reasoning-parser=gemma4",
        "--enable-auto-tool-choice",
        "--tool-call-parser=gemma4",
    ]
    if config.tensor_parallel_size > 1:
        arguments.append('--model-loader-extra-config={"distributed":true}')
    if config.kv_element_bytes == 1:
        arguments.append("--kv-cache-dtype=fp8")
    if config.text_only:
        arguments.append("--language-model-only")
    else:
        limits = {
            kind: demand.max_items.get(kind, 1) if kind in demand.inputs else 0 for kind in ("image", "video", "audio")
        }
        arguments.append(f"--limit-mm-per-prompt={json.dumps(limits)}")
        if "image" in demand.inputs:
            arguments.append(f"--mm-processor-kwargs={json.dumps({'max_soft_tokens': demand.image_tokens})}")
    return arguments


def engine_of_image(image: str, catalogue: Catalogue) -> Engine:
    """The engine version that an image's tag states. Raises SizingError when it states none that is known."""
    match = re.search(r":v?(\d+\.\d+\.\d+)(?:@sha256:[0-9a-f]{64})?$", image)
    if match is None:
        known = ", ".join(engine.version for engine in catalogue.engines)
        raise SizingError(f"image '{image}' states no vLLM version in its tag; known: {known}")
    return catalogue.engine(match.group(1))


def checkpoint_of_path(path: str, catalogue: Catalogue) -> Checkpoint:
    """The checkpoint that a model argument names: an id as published, or a folder or gs:// path that ends with it.

    A revision may follow the id. Raises SizingError when it is none of the catalogue's.
    """
    parts = path.removeprefix("gs://").strip("/").split("/")
    for checkpoint in catalogue.checkpoints:
        publisher_and_name = checkpoint.id.split("/")
        for tail in (parts[-2:], parts[-3:-1]):
            if tail == publisher_and_name:
                return checkpoint
    known = [checkpoint.id for checkpoint in catalogue.checkpoints]
    raise SizingError(f"'{path}' is no checkpoint of the catalogue{did_you_mean('/'.join(parts[-2:]), known)}")


def read_arguments(
    arguments: Sequence[str], image: str, accelerator: Accelerator, catalogue: Catalogue
) -> EngineConfig:
    """What the engine would run with these arguments on that GPU; absent flags take that version's defaults.

    Raises SizingError for an unknown checkpoint or engine, a value that is no number, or a flag whose memory is not computed.
    """
    engine = engine_of_image(image, catalogue)
    flags, positional = _parse(arguments)
    path = flags.get("--model") or next(iter(positional), "")
    checkpoint = checkpoint_of_path(path, catalogue)
    model = catalogue.model(checkpoint.model)
    for flag in NOT_COMPUTED:
        if flag in flags:
            raise SizingError(f"{flag} changes memory in a way that sizing does not compute")
    items = _items(flags, model)
    text_only = "--language-model-only" in flags or not items
    max_model_len = _integer(flags, "--max-model-len", model.max_context_tokens)
    seqs, batch = batch_in_force(
        engine,
        model,
        accelerator,
        text_only=text_only,
        max_num_seqs=_given(flags, "--max-num-seqs"),
        max_num_batched_tokens=_given(flags, "--max-num-batched-tokens"),
        max_model_len=max_model_len,
    )
    element_bytes = _kv_element_bytes(flags.get("--kv-cache-dtype", "auto"), checkpoint, accelerator)
    block = engine.block_size_on(accelerator, model, element_bytes, not text_only)
    return EngineConfig(
        engine=engine,
        model=model,
        checkpoint=checkpoint,
        scheme=catalogue.scheme(checkpoint),
        accelerator=accelerator,
        tensor_parallel_size=_integer(flags, "--tensor-parallel-size", 1),
        max_model_len=max_model_len,
        max_num_seqs=seqs,
        max_num_batched_tokens=batch,
        gpu_memory_utilization=_fraction(flags, "--gpu-memory-utilization", engine.default_gpu_memory_utilization),
        text_only=text_only,
        items={} if text_only else items,
        image_tokens=_image_tokens(flags),
        kv_element_bytes=element_bytes,
        block_size_tokens=_integer(flags, "--block-size", block),
        async_scheduling="--no-async-scheduling" not in flags,
        enforce_eager="--enforce-eager" in flags,
        drafter="--speculative-config" in flags or "--spec-method" in flags,
        hybrid_kv_cache="--disable-hybrid-kv-cache-manager" not in flags,
        data_parallel_size=_integer(flags, "--data-parallel-size", 1),
        pipeline_parallel_size=_integer(flags, "--pipeline-parallel-size", 1),
        expert_parallel="--enable-expert-parallel" in flags,
        spread=spread_of(catalogue, model, accelerator, engine),
    )


def _parse(arguments: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Flags with their values (the last one wins, as in argparse) and what stands alone. `vllm serve` itself is skipped."""
    words = list(arguments)
    if tuple(words[:2]) == COMMAND:
        words = words[2:]
    flags: dict[str, str] = {}
    positional: list[str] = []
    while words:
        word = words.pop(0)
        if not word.startswith("-"):
            positional.append(word)
            continue
        name, equals, value = word.partition("=")
        name = ALIASES.get(name, name.replace("_", "-"))
        if not equals and name not in SWITCHES and words and not words[0].startswith("-"):
            value = words.pop(0)
        flags[name] = value
    return flags, positional


def _given(flags: Mapping[str, str], flag: str) -> int | None:
    return _integer(flags, flag, 1) if flag in flags else None


def _kv_element_bytes(dtype: str, checkpoint: Checkpoint, accelerator: Accelerator) -> int:
    """Bytes of one KV element; a checkpoint may make the automatic dtype fp8 where the GPU can."""
    if dtype in ONE_BYTE_KV:
        return 1
    if dtype not in TWO_BYTE_KV:
        raise SizingError(f"--kv-cache-dtype is '{dtype}', whose pages sizing does not compute")
    declared = dtype == "auto" and checkpoint.kv_cache_declared == "fp8"
    return 1 if declared and accelerator.compute_capability >= (8, 9) else 2


def _items(flags: Mapping[str, str], model: Model) -> dict[str, int]:
    """Most items of each kind that a request may carry; a kind without a limit is on."""
    limits = _json_object(flags, "--limit-mm-per-prompt")
    return {kind: limits.get(kind, 1) for kind in ITEM_KINDS if kind in model.inputs and limits.get(kind, 1)}


def _image_tokens(flags: Mapping[str, str]) -> int:
    return int(_json_object(flags, "--mm-processor-kwargs").get("max_soft_tokens", DEFAULT_IMAGE_TOKENS))


def _integer(flags: Mapping[str, str], flag: str, default: int) -> int:
    value = flags.get(flag)
    if value is None:
        return default
    if not value.isdecimal() or int(value) < 1:
        raise SizingError(f"{flag} is '{value}', not a whole number of at least 1")
    return int(value)


def _fraction(flags: Mapping[str, str], flag: str, default: float) -> float:
    value = flags.get(flag)
    if value is None:
        return default
    if not re.fullmatch(r"0?\.\d+|1(\.0+)?", value):
        raise SizingError(f"{flag} is '{value}', not a fraction between 0 and 1")
    return float(value)


def _json_object(flags: Mapping[str, str], flag: str) -> dict[str, int]:
    try:
        value = json.loads(flags.get(flag, "{}"))
    except json.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise SizingError(f"{flag} is '{flags[flag]}', not a JSON object")
    return value
