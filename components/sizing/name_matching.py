"""Finds the catalogue's rows for names as people and logs write them: models, quantisation, releases, cards."""

from __future__ import annotations

import datetime
import re
from functools import cache

from components.sizing.catalogue import Accelerator, Catalogue, Engine, Model, QuantizationScheme
from components.sizing.errors import SizingError

#: Rules for a deployment that states no release: the newest before the reservation for tokens in flight and the model runner
#: changed.
RELEASE_IF_NOT_STATED = "0.24.0"

#: Words of a description and the scheme that they mean; the first that matches counts.
SCHEME_WORDS: tuple[tuple[str, str], ...] = (
    (r"mobile", "mobile"),
    (r"nvidia/\S*31b\S*nvfp4", "nvfp4-mlp"),
    (r"nvidia/\S*26b\S*nvfp4", "nvfp4-experts"),
    (r"nvfp4|fp4", "nvfp4-linears"),
    (r"fp8\W*block", "fp8-block"),
    (r"(online|dynamic quantization)\W*fp8|fp8\W*online", "fp8-online"),
    (r"fp8|int8|w8a8|8.?bit", "fp8-dynamic"),
    (r"w4a16", "w4a16-g32"),
    (r"awq|g32", "int4-g32"),
    (r"qat", "w4a16-g32"),
    (r"autoround|gptq|int4|4.?bit", "int4-g128"),
)
#: The day of rows that stand for something outside the catalogue.
READ_ON = datetime.date(2026, 11, 25)
#: Makers whose cards run their own build of the engine, not CUDA.
NOT_CUDA = re.compile(r"intel|arc|gaudi|amd|mi\d{3}|tpu|apple|\bm\d\b|tenstorrent|trainium", re.IGNORECASE)
#: Words of a card's name that do not tell cards apart.
NOISE = re.compile(
    r"\(.*?\)|nvidia|geforce|tesla|gpu|sxm\d?|pcie|server edition|workstation edition|blackwell|[\s_-]", re.IGNORECASE
)


def model_of(text: str, catalogue: Catalogue) -> Model:
    """The model whose size a name carries, such as 26B-A4B in any checkpoint's id."""
    lower = text.lower()
    for model in catalogue.models:
        size = model.variant.lower().removesuffix("-a4b")
        if re.search(rf"(?<![0-9a-z]){size}(?![0-9])", lower):
            return model
    known = ", ".join(model.variant for model in catalogue.models)
    raise SizingError(f"model is '{text}', which names no Gemma 4 size; known: {known}", "model")


def scheme_of(model: str, quantization: str | None, catalogue: Catalogue) -> QuantizationScheme:
    """How the weights are stored, from the stated quantisation and the checkpoint's name."""
    stated = (quantization or "").lower()
    text = f"{stated} {model.lower()}"
    if not stated.startswith(("none", "bf16")):
        for pattern, scheme in SCHEME_WORDS:
            if re.search(pattern, text):
                return _scheme(scheme, catalogue)
    return _scheme("bf16", catalogue)


def engine_of(text: str | None, catalogue: Catalogue) -> tuple[Engine, bool]:
    """(the rules of a release, whether they are that release's own). Where it has none, the newest older ones count."""
    match = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text or "")
    if match is None:
        return catalogue.engine(RELEASE_IF_NOT_STATED), False
    stated = tuple(int(part or 0) for part in match.groups())
    oldest_first = sorted(catalogue.engines, key=lambda engine: engine.numbers)
    older = [engine for engine in oldest_first if engine.numbers <= stated]
    # "0.21" without a third number means that series, whose first known release counts
    series = [engine for engine in oldest_first if engine.numbers[:2] == stated[:2]]
    if older:
        nearest = older[-1]
        return (series[0], True) if series and nearest not in series else (nearest, nearest in series)
    return (series or oldest_first)[0], bool(series)


def accelerator_of(text: str | None, catalogue: Catalogue) -> Accelerator:
    """The card with that name; one without figures when it is not in the catalogue or not stated."""
    if text:
        wanted = _plain(text)
        for accelerator in catalogue.accelerators:
            if text == accelerator.id or wanted in {_plain(alias) for alias in accelerator.aliases}:
                return accelerator
    return _unknown_card(text or "not stated")


def _plain(name: str) -> str:
    return NOISE.sub("", name).lower()


def _scheme(scheme_id: str, catalogue: Catalogue) -> QuantizationScheme:
    return next(scheme for scheme in catalogue.quantization if scheme.id == scheme_id)


@cache
def _unknown_card(name: str) -> Accelerator:
    return Accelerator(
        id=name,
        name=name,
        cuda_total_gib=None,
        cuda_total_high_gib=None,
        compute_capability=(9, 0),
        bandwidth_gb_per_s=None,
        bf16_dense_tflops=None,
        link="none",
        data_center=False,
        min_cuda="",
        cuda=not NOT_CUDA.search(name),
        source="not in the catalogue",
        date=READ_ON,
    )
