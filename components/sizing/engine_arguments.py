"""`vllm serve` arguments: written from a sizing record, and read back from any resource that carries them.

The second direction lets a policy judge what a resource really asks the engine to do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from components.sizing.catalogue import ITEM_KINDS, Accelerator, Catalogue, Checkpoint, Model
from components.sizing.demand import Adapter
from components.sizing.engine_config import EngineConfig
from components.sizing.engine_defaults import batch_in_force
from components.sizing.errors import SizingError
from components.sizing.evidence import spread_of
from components.sizing.flags import COMMAND, Flags, parse
from components.sizing.lora import RANKS
from components.sizing.named_rows import checkpoint_of_path, ends_with, engine_of_image
from components.sizing.record import SizingRecord

__all__ = [
    "ADAPTERS_ROOT",
    "COMMAND",
    "NOT_COMPUTED",
    "PORT",
    "adapter_path",
    "checkpoint_of_path",
    "engine_arguments",
    "engine_of_image",
    "read_arguments",
]

#: Tokens of one image unless --mm-processor-kwargs says otherwise (vllm-project/recipes @8959cf6, 2026-08-21).
DEFAULT_IMAGE_TOKENS = 280

PORT = 8080
#: Folder below which adapters are mounted, each at its own folder of the bucket: the engine reads them from a file system only
#: (vLLM 0.33.0 `lora/utils.py` get_adapter_absolute_path takes anything else for a name on a hub).
ADAPTERS_ROOT = "/adapters"

#: Flags that change memory in ways that `memory.py` does not compute; a rule must not guess about them.
NOT_COMPUTED = (
    "--cpu-offload-gb",
    "--default-mm-loras",
    "--enable-moe-shared-loras",
    "--enable-sleep-mode",
    "--enable-tower-connector-lora",
    "--fully-sharded-loras",
    "--kv-cache-dtype-skip-layers",
    "--kv-cache-memory-bytes",
    "--kv-offloading-size",
    "--kv-transfer-config",
    "--lora-target-modules",
    "--num-gpu-blocks-override",
    "--quantization",
    "--specialize-active-lora",
)
#: Other spellings of --speculative-config, which are not read.
OTHER_SPELLINGS = ("--spec-method", "--spec-model", "--spec-tokens")
#: KV cache dtypes with elements of two bytes and of one; others have pages of another size.
TWO_BYTE_KV, ONE_BYTE_KV = ("auto", "bfloat16", "float16"), ("fp8", "fp8_e4m3", "fp8_e5m2")
#: What --max-loras and --max-lora-rank are when only --enable-lora is given (vLLM 0.20.0 to 0.33.0 `config/lora.py`).
DEFAULT_MAX_LORAS, DEFAULT_MAX_LORA_RANK = 1, 16


def adapter_path(adapter: Adapter) -> str:
    """Where the engine reads an adapter: the mount of its folder."""
    return f"{ADAPTERS_ROOT}/{adapter.folder}"


def engine_arguments(record: SizingRecord, weights_uri: str, drafter_uri: str | None = None) -> list[str]:
    """Arguments after `vllm serve` for one replica, weights streamed from `weights_uri` (a gs:// folder).

    `drafter_uri` is where the drafter lies; its id without one. Adapters are read from `adapter_path`.
    """
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
    if record.max_answer_tokens < config.max_model_len:
        arguments.append(f"--override-generation-config={json.dumps({'max_new_tokens': record.max_answer_tokens})}")
    if config.drafter:
        drafter = drafter_uri or config.checkpoint.drafter
        proposal = {"model": drafter, "num_speculative_tokens": config.tokens_ahead}
        arguments.append(f"--speculative-config={json.dumps(proposal)}")
    if config.lora:
        arguments += ["--enable-lora", f"--max-loras={config.max_loras}", f"--max-lora-rank={config.max_lora_rank}"]
        # one flag with a word for each: given again, it would replace the one before
        arguments += ["--lora-modules", *(f"{adapter.name}={adapter_path(adapter)}" for adapter in demand.adapters)]
    return arguments


def read_arguments(
    arguments: Sequence[str], image: str, accelerator: Accelerator, catalogue: Catalogue
) -> EngineConfig:
    """What the engine would run with these arguments on that GPU; absent flags take that version's defaults.

    Raises SizingError for an unknown checkpoint or engine, a value that is no number, or a flag whose memory is not computed.
    """
    engine, flags = engine_of_image(image, catalogue), parse(arguments)
    path = flags.get("--model") or next(iter(flags.positional), "")
    checkpoint = checkpoint_of_path(path, catalogue)
    model = catalogue.model(checkpoint.model)
    for flag in NOT_COMPUTED:
        if flag in flags:
            raise SizingError(f"{flag} changes memory in a way that sizing does not compute")
    for flag in OTHER_SPELLINGS:
        if flag in flags:
            raise SizingError(f"{flag} is not read; write it as --speculative-config")
    items = _items(flags, model)
    text_only = "--language-model-only" in flags or not items
    max_model_len = flags.whole("--max-model-len", model.max_context_tokens)
    seqs, batch = batch_in_force(
        engine,
        model,
        accelerator,
        text_only=text_only,
        max_num_seqs=flags.given("--max-num-seqs"),
        max_num_batched_tokens=flags.given("--max-num-batched-tokens"),
        max_model_len=max_model_len,
    )
    element_bytes = _kv_element_bytes(flags.get("--kv-cache-dtype", "auto"), checkpoint, accelerator)
    block = engine.block_size_on(accelerator, model, element_bytes, not text_only)
    max_loras, max_lora_rank = _adapters(flags)
    return EngineConfig(
        engine=engine,
        model=model,
        checkpoint=checkpoint,
        scheme=catalogue.scheme(checkpoint),
        accelerator=accelerator,
        tensor_parallel_size=flags.whole("--tensor-parallel-size", 1),
        max_model_len=max_model_len,
        max_num_seqs=seqs,
        max_num_batched_tokens=batch,
        gpu_memory_utilization=flags.share("--gpu-memory-utilization", engine.default_gpu_memory_utilization),
        text_only=text_only,
        items={} if text_only else items,
        image_tokens=int(flags.mapping("--mm-processor-kwargs").get("max_soft_tokens", DEFAULT_IMAGE_TOKENS)),
        kv_element_bytes=element_bytes,
        block_size_tokens=flags.whole("--block-size", block),
        async_scheduling="--no-async-scheduling" not in flags,
        enforce_eager="--enforce-eager" in flags,
        drafter=_has_drafter(flags, checkpoint, model),
        max_loras=max_loras,
        max_lora_rank=max_lora_rank,
        hybrid_kv_cache="--disable-hybrid-kv-cache-manager" not in flags,
        data_parallel_size=flags.whole("--data-parallel-size", 1),
        pipeline_parallel_size=flags.whole("--pipeline-parallel-size", 1),
        expert_parallel="--enable-expert-parallel" in flags,
        spread=spread_of(catalogue, model, accelerator, engine),
    )


def _has_drafter(flags: Flags, checkpoint: Checkpoint, model: Model) -> bool:
    """True when the drafter is the checkpoint's own; nothing is known of others' memory."""
    if "--speculative-config" not in flags:
        return False
    proposal = flags.mapping("--speculative-config")
    named, ahead = str(proposal.get("model", "")), model.drafter.num_speculative_tokens
    if checkpoint.drafter is None or not ends_with(named, checkpoint.drafter):
        raise SizingError(
            f"--speculative-config names the model '{named}'; sizing computes {checkpoint.id} with "
            f"{checkpoint.drafter or 'no drafter'}"
        )
    if proposal.get("num_speculative_tokens") != ahead:
        raise SizingError(
            f"--speculative-config has num_speculative_tokens {proposal.get('num_speculative_tokens')}; sizing computes {ahead}"
        )
    return True


def _adapters(flags: Flags) -> tuple[int, int]:
    """(--max-loras, --max-lora-rank) in force; zeros where no adapters are served."""
    if "--enable-lora" not in flags:
        return 0, 0
    rank = flags.whole("--max-lora-rank", DEFAULT_MAX_LORA_RANK)
    if rank not in (1, *RANKS):
        allowed = ", ".join(str(known) for known in RANKS)
        raise SizingError(f"--max-lora-rank is {rank}; allowed: {allowed}")
    return flags.whole("--max-loras", DEFAULT_MAX_LORAS), rank


def _kv_element_bytes(dtype: str, checkpoint: Checkpoint, accelerator: Accelerator) -> int:
    """Bytes of one KV element; a checkpoint may make the automatic dtype fp8 where the GPU can."""
    if dtype in ONE_BYTE_KV:
        return 1
    if dtype not in TWO_BYTE_KV:
        raise SizingError(f"--kv-cache-dtype is '{dtype}', whose pages sizing does not compute")
    declared = dtype == "auto" and checkpoint.kv_cache_declared == "fp8"
    return 1 if declared and accelerator.compute_capability >= (8, 9) else 2


def _items(flags: Flags, model: Model) -> Mapping[str, int]:
    """Most items of each kind that a request may carry; a kind without a limit is on."""
    limits = flags.mapping("--limit-mm-per-prompt")
    return {kind: limits.get(kind, 1) for kind in ITEM_KINDS if kind in model.inputs and limits.get(kind, 1)}
