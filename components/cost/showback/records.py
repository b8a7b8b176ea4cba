"""What a report knows of each deployment: the sizing records that the deployed stack published. Nothing is computed anew.
Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from components.cost.errors import CostError
from components.naming import Scope, Service, cloud_name
from components.sizing.architecture_labels import ACTIVE_PARAM_RATIO, TOTAL_PARAMS

GIB = Decimal(2**30)


@dataclass(frozen=True, slots=True)
class Record:
    """One deployment. `place` is its namespace on GKE, or the name of its service on Cloud Run. GPUs and weights are a
    replica's."""

    deployment: str
    runs_on: str
    place: str
    resident_gib: Decimal
    active_parameters: Decimal
    machine_type: str | None
    accelerator: str
    gpu_count: int
    replicas_per_host: int
    min_replicas: int
    precision: str
    usd_per_hour: Decimal
    price_source: str
    startup_seconds: int

    @property
    def team(self) -> str:
        """The team that it belongs to."""
        return self.deployment.partition("/")[0]

    @property
    def name(self) -> str:
        """Its name within the team, by which its engine calls the model."""
        return self.deployment.partition("/")[2]


def records_in(outputs: Mapping[str, Any], scope: Scope) -> dict[str, Record]:
    """The records of a stack's outputs, by deployment. Raises CostError naming what is missing."""
    published = outputs.get("records")
    if not isinstance(published, Mapping) or not published:
        raise CostError("the outputs hold no `records`: bytes and parameters come from them; update the stack once")
    return {key: _record(key, plain, scope) for key, plain in sorted(published.items())}


def _record(key: str, plain: object, scope: Scope) -> Record:
    if not isinstance(plain, Mapping) or "/" not in key:
        raise CostError(f"the outputs' record of '{key}' is no sizing record of <team>/<deployment>")
    team, _, name = key.partition("/")
    try:
        on_gke = plain["runs_on"] == "gke"
        gpus = int(plain["gpu_count"])
        return Record(
            deployment=key,
            runs_on=plain["runs_on"],
            place=cloud_name(Service.NAMESPACE, scope, team)
            if on_gke
            else cloud_name(Service.CLOUD_RUN_SERVICE, scope, team, name),
            resident_gib=sum((_bytes(term) for term in plain["terms"]), Decimal(0)) * gpus / GIB,
            active_parameters=_active(plain),
            machine_type=plain["machine_type"],
            accelerator=plain["accelerator"],
            gpu_count=gpus,
            replicas_per_host=int(plain["replicas_per_host"]),
            min_replicas=int(plain["replicas"][0]),
            precision=plain["precision"],
            usd_per_hour=Decimal(plain["usd_per_hour"]),
            price_source=plain["price_source"],
            startup_seconds=int(plain["startup_probe_seconds"]),
        )
    except (KeyError, TypeError, ValueError, IndexError, InvalidOperation) as error:
        raise CostError(
            f"the published record of {key} lacks what a report needs ({type(error).__name__}: {error}); update the stack once"
        ) from None


def _bytes(term: Mapping[str, Any]) -> Decimal:
    """What of a term of memory are weights: those of the model, with its drafter and adapters as sizing counts them."""
    return Decimal(int(term["typical_bytes"])) if term["name"] == "weights" else Decimal(0)


def _active(plain: Mapping[str, Any]) -> Decimal:
    """Parameters that a token computes with; of records without the exact number by the labels, which are rounded."""
    exact = plain.get("parameters")
    if isinstance(exact, Mapping):
        return Decimal(int(exact["active"]))
    labels = plain["labels"]
    total = Decimal(labels[TOTAL_PARAMS].removesuffix("m")) * 10**6
    return total * Decimal(labels[ACTIVE_PARAM_RATIO]) / 1000
