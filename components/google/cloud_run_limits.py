"""What Cloud Run accepts of a model with a GPU, checked before anything is registered. Pure; shapes, regions and drivers are the
sizing catalogue's.

Sources: docs.cloud.google.com/run/docs/configuring/services/gpu, /healthchecks, /request-timeout, /concurrency (2026).
"""

import re
from collections.abc import Sequence

from components.naming import NAME_LIMITS, Service
from components.served_model import ServedModelArgs, model_argument
from components.sizing.catalogue import Catalogue, CloudRunGpu
from components.sizing.drivers import driver_environment
from components.sizing.engine_arguments import engine_of_image
from components.sizing.errors import SizingError
from components.sizing.record_making import CLOUD_RUN_PROBE_LIMIT_SECONDS

#: Seconds between two start-up probes.
PROBE_PERIOD_SECONDS = 10
#: Requests that one instance may run at once.
CONCURRENCY_LIMIT = 1000
#: Ways in, by our name. All of the internet is no choice: between it and the model stands a load balancer, or nothing.
INGRESS = {
    "internal": "INGRESS_TRAFFIC_INTERNAL_ONLY",
    "internal-and-load-balancing": "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
}
#: Whence a service is reached, in words for its callers.
REACHABLE_FROM = {
    "internal": "the organisation's networks in Google Cloud",
    "internal-and-load-balancing": "the organisation's networks in Google Cloud, and a load balancer",
}
EVERYBODY = ("allUsers", "allAuthenticatedUsers")
_SERVICE_NAME = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")
_ACCOUNT_ID = re.compile(r"[a-z][a-z0-9-]*[a-z0-9]")
_SEQUENCES = re.compile(r"--max-num-seqs[= ](\d+)")


def check_names(name: str, account_id: str) -> None:
    """Raises ValueError for the name of a service, or the id of its account, that Google refuses."""
    for field, value, least, service, pattern in (
        ("name", name, 1, Service.CLOUD_RUN_SERVICE, _SERVICE_NAME),
        ("account_id", account_id, 6, Service.SERVICE_ACCOUNT, _ACCOUNT_ID),
    ):
        most = NAME_LIMITS[service]
        if not least <= len(value) <= most or not pattern.fullmatch(value):
            raise ValueError(
                f"{field} is '{value}', {len(value)} characters; a {service} has {least} to {most} lower-case letters, digits "
                "and hyphens, a letter first and no hyphen last"
            )


def check_access(ingress: str, callers: Sequence[str]) -> None:
    """Raises ValueError for a way in that is open to all, or that does not exist."""
    if ingress not in INGRESS:
        raise ValueError(f"ingress is '{ingress}'; allowed: {', '.join(INGRESS)}")
    for member in callers:
        if member in EVERYBODY:
            raise ValueError(f"callers has {member}; name groups and service accounts")


def check_model(model: ServedModelArgs, region: str, place: str, gpu_quota: int | None, catalogue: Catalogue) -> None:
    """Raises ValueError, with field, value and what is possible, for a model that Cloud Run would refuse or never start.

    `place` is where the weights will be: the folder in the bucket, or the mount of it.
    """
    gpu = _gpu(model["accelerator"], region, catalogue)
    _check_shape(model, gpu)
    _check_instances(model, gpu_quota)
    seconds = int(model["startup_probe_seconds"])
    if not PROBE_PERIOD_SECONDS <= seconds <= CLOUD_RUN_PROBE_LIMIT_SECONDS:
        raise ValueError(
            f"startup_probe_seconds is {seconds}; allowed: {PROBE_PERIOD_SECONDS} to {CLOUD_RUN_PROBE_LIMIT_SECONDS}. A model "
            "that takes longer to load belongs on GKE"
        )
    _check_concurrency(model)
    found = model_argument(model["arguments"])
    if found != place and not found.startswith(f"{place}/"):
        raise ValueError(
            f"arguments has the model '{found or 'none'}'; the weights are at {place}, nothing else is readable"
        )


def environment_for(model: ServedModelArgs, catalogue: Catalogue) -> dict[str, str]:
    """Environment with which the image runs on the hosts' driver.

    Raises ValueError for an image whose version is not known, or that the driver cannot run.
    """
    try:
        engine = engine_of_image(model["image"], catalogue)
        accelerator = catalogue.accelerator(model["accelerator"])
        return driver_environment(engine, _offer(model["accelerator"], catalogue), accelerator)
    except SizingError as error:
        raise ValueError(f"image is '{model['image']}': {error}") from None


def _offer(accelerator: str, catalogue: Catalogue) -> CloudRunGpu:
    offers = {gpu.accelerator: gpu for gpu in catalogue.cloud_run}
    if accelerator not in offers:
        raise ValueError(f"accelerator is '{accelerator}', which Cloud Run does not have; it has {', '.join(offers)}")
    return offers[accelerator]


def _gpu(accelerator: str, region: str, catalogue: Catalogue) -> CloudRunGpu:
    gpu = _offer(accelerator, catalogue)
    # by invitation counts: whether Google has let the project in is not to be seen from here
    regions = [*gpu.regions, *gpu.regions_by_invitation]
    if region not in regions:
        raise ValueError(f"region is '{region}', where Cloud Run has no {accelerator}; it is in {', '.join(regions)}")
    return gpu


def _check_shape(model: ServedModelArgs, gpu: CloudRunGpu) -> None:
    count, vcpu, memory = int(model["accelerator_count"]), int(model["vcpu"]), int(model["memory_gib"])
    if count != 1:
        raise ValueError(f"accelerator_count is {count}; a Cloud Run instance has exactly 1 GPU, more are on GKE")
    if not any((shape.vcpu, shape.memory_gib) == (vcpu, memory) for shape in gpu.shapes):
        shapes = ", ".join(f"{shape.vcpu} with {shape.memory_gib}" for shape in gpu.shapes)
        raise ValueError(f"vcpu is {vcpu} and memory_gib {memory}; allowed with {gpu.accelerator}: {shapes}")


def _check_instances(model: ServedModelArgs, gpu_quota: int | None) -> None:
    least, most = int(model["min_replicas"]), int(model["max_replicas"])
    if most < 1:
        raise ValueError(f"max_replicas is {most}; at least 1")
    if not 0 <= least <= most:
        raise ValueError(f"min_replicas is {least}; allowed: 0 to max_replicas, {most}")
    if gpu_quota is not None and most > int(gpu_quota):
        raise ValueError(
            f"max_replicas is {most}, above gpu_quota {int(gpu_quota)}: Google would refuse the service; lower it, or ask Google "
            "for more"
        )


def _check_concurrency(model: ServedModelArgs) -> None:
    """Cloud Run must count as the engine does: with more, requests queue in the engine unseen while no instance is added."""
    concurrency = int(model["concurrency"])
    if not 1 <= concurrency <= CONCURRENCY_LIMIT:
        raise ValueError(f"concurrency is {concurrency}; allowed: 1 to {CONCURRENCY_LIMIT}")
    sequences = _SEQUENCES.findall(" ".join(model["arguments"]))
    if sequences and int(sequences[-1]) != concurrency:
        raise ValueError(
            f"concurrency is {concurrency}, but the engine runs --max-num-seqs {sequences[-1]}; make them equal"
        )
