"""The catalogue: models, checkpoints, GPUs, machines, engines, prices and measured cases, as data with source and date.

One file a kind of row; the data itself lies in `components/sizing/data/`. Computes nothing. An organisation adds rows in a file
of its own (`load_catalogue(extra)`).
"""

from components.sizing.catalogue.checkpoints import (
    Checkpoint,
    Drafter,
    Precision,
    QuantizationScheme,
    ResidentSize,
    Revision,
)
from components.sizing.catalogue.engines import (
    DEFAULT_BLOCK_SIZE_TOKENS,
    BatchDefaults,
    Bound,
    Condition,
    Engine,
    EngineImage,
    KnownBug,
    RunAs,
    version_numbers,
)
from components.sizing.catalogue.hardware import Accelerator, CloudRunGpu, CloudRunShape, Machine
from components.sizing.catalogue.loading import Catalogue, load_catalogue
from components.sizing.catalogue.measured import Deployment, MeasuredCase, Throughput
from components.sizing.catalogue.models import AudioConfig, DrafterConfig, Model, TextConfig, VisionConfig
from components.sizing.catalogue.price_list import CloudRunPrices, MachinePrice, MachinePrices, Prices
from components.sizing.catalogue.row import GIB, ITEM_KINDS, Input, PurchaseOption, dotted

__all__ = [
    "Accelerator",
    "AudioConfig",
    "BatchDefaults",
    "Bound",
    "Catalogue",
    "Checkpoint",
    "CloudRunGpu",
    "CloudRunPrices",
    "CloudRunShape",
    "Condition",
    "DEFAULT_BLOCK_SIZE_TOKENS",
    "Deployment",
    "Drafter",
    "DrafterConfig",
    "Engine",
    "EngineImage",
    "GIB",
    "ITEM_KINDS",
    "Input",
    "KnownBug",
    "Machine",
    "MachinePrice",
    "MachinePrices",
    "MeasuredCase",
    "Model",
    "Precision",
    "Prices",
    "PurchaseOption",
    "QuantizationScheme",
    "Revision",
    "ResidentSize",
    "RunAs",
    "TextConfig",
    "Throughput",
    "VisionConfig",
    "dotted",
    "load_catalogue",
    "version_numbers",
]
