"""Whether an engine image runs on a host's NVIDIA driver, and what it needs there."""

from __future__ import annotations

from components.sizing.catalogue import Accelerator, CloudRunGpu, Engine
from components.sizing.errors import SizingError


def driver_environment(engine: Engine, host: CloudRunGpu, accelerator: Accelerator) -> dict[str, str]:
    """Environment with which the engine's image runs on hosts of that driver.

    A driver older than the image's CUDA needs is accepted only where the image is known to carry compatibility libraries for
    that driver branch, and on data-centre GPUs, for which NVIDIA supports them. Raises SizingError otherwise.
    """
    image = engine.image
    if int(host.driver) >= int(image.min_driver):
        return {}
    if host.driver in image.compatible_drivers and accelerator.data_center:
        return dict(image.compatibility_environment)
    raise SizingError(
        f"the image of vLLM {engine.version} has CUDA {image.cuda}, which needs driver {image.min_driver}; "
        f"{accelerator.id} hosts on Cloud Run have {host.driver} (CUDA {host.cuda}) and no source says that the image carries "
        "compatibility libraries for it; use nvidia-rtx-pro-6000 there, or GKE"
    )
