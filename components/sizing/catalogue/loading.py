"""How the catalogue is read, checked as a whole, and looked up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Protocol, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from components.sizing.catalogue.checkpoints import Checkpoint, Drafter, QuantizationScheme
from components.sizing.catalogue.engines import Engine, KnownBug
from components.sizing.catalogue.hardware import Accelerator, CloudRunGpu, Machine
from components.sizing.catalogue.measured import MeasuredCase
from components.sizing.catalogue.models import Model
from components.sizing.catalogue.price_list import MachinePrice, Prices
from components.sizing.errors import SizingError, did_you_mean

DATA = Path(__file__).parents[1] / "data"


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


R = TypeVar("R", bound=_Identified)


def _find(by_id: Mapping[str, R], wanted: str, what: str) -> R:
    if wanted not in by_id:
        raise SizingError(f"unknown {what} '{wanted}'{did_you_mean(wanted, by_id)}")
    return by_id[wanted]


def _by_id(rows: Iterable[R]) -> dict[str, R]:
    return {row.id: row for row in rows}


# compared by identity: a catalogue is loaded once and handed around, and is the key of caches
@dataclass(frozen=True, eq=False)
class Catalogue:
    """Everything that sizing knows about the world."""

    models: tuple[Model, ...]
    quantization: tuple[QuantizationScheme, ...]
    checkpoints: tuple[Checkpoint, ...]
    drafters: tuple[Drafter, ...]
    accelerators: tuple[Accelerator, ...]
    machines: tuple[Machine, ...]
    cloud_run: tuple[CloudRunGpu, ...]
    engines: tuple[Engine, ...]
    known_bugs: tuple[KnownBug, ...]
    measured: tuple[MeasuredCase, ...]
    prices: Prices

    def model(self, model_id: str) -> Model:
        """The model with that id. Raises SizingError naming the nearest ids."""
        return _find(self._models_by_id, model_id, "model")

    def checkpoint(self, checkpoint_id: str) -> Checkpoint:
        """The checkpoint with that id. Raises SizingError naming the nearest ids."""
        return _find(self._checkpoints_by_id, checkpoint_id, "checkpoint")

    def drafter(self, drafter_id: str) -> Drafter:
        """The drafter with that id. Raises SizingError naming the nearest ids."""
        return _find(self._drafters_by_id, drafter_id, "drafter")

    def scheme(self, checkpoint: Checkpoint) -> QuantizationScheme:
        """How that checkpoint stores its weights."""
        return self._schemes[checkpoint.scheme]

    def accelerator(self, accelerator_id: str) -> Accelerator:
        """The GPU with that id. Raises SizingError naming the nearest ids."""
        return _find(self._accelerators_by_id, accelerator_id, "accelerator")

    def machine(self, machine_id: str) -> Machine:
        """The machine type with that id. Raises SizingError naming the nearest ids."""
        return _find(self._machines_by_id, machine_id, "machine type")

    def engine(self, version: str) -> Engine:
        """The engine of that version. Raises SizingError for a version without rules."""
        return _find(self._engines_by_id, version, "vLLM version")

    def checkpoints_of(self, model: Model) -> tuple[Checkpoint, ...]:
        """All checkpoints of a model, in the catalogue's order (highest precision first)."""
        return self._checkpoints_by_model[model.id]

    def machine_price(self, machine_id: str, region: str) -> MachinePrice | None:
        """List prices of a machine type in a region; None where none is known."""
        return self._machine_prices.get((machine_id, region))

    @property
    def regions(self) -> list[str]:
        """Regions in which some GPU of the catalogue can be rented."""
        return sorted({region for accelerator in self.accelerators for region in accelerator.regions})

    @cached_property
    def _schemes(self) -> dict[str, QuantizationScheme]:
        return _by_id(self.quantization)

    @cached_property
    def _models_by_id(self) -> dict[str, Model]:
        return _by_id(self.models)

    @cached_property
    def _checkpoints_by_id(self) -> dict[str, Checkpoint]:
        return _by_id(self.checkpoints)

    @cached_property
    def _drafters_by_id(self) -> dict[str, Drafter]:
        return _by_id(self.drafters)

    @cached_property
    def _accelerators_by_id(self) -> dict[str, Accelerator]:
        return _by_id(self.accelerators)

    @cached_property
    def _machines_by_id(self) -> dict[str, Machine]:
        return _by_id(self.machines)

    @cached_property
    def _engines_by_id(self) -> dict[str, Engine]:
        return _by_id(self.engines)

    @cached_property
    def _checkpoints_by_model(self) -> dict[str, tuple[Checkpoint, ...]]:
        return {m.id: tuple(c for c in self.checkpoints if c.model == m.id) for m in self.models}

    @cached_property
    def _machine_prices(self) -> dict[tuple[str, str], MachinePrice]:
        return {(row.machine, row.region): row for row in self.prices.machines.rows}


_LISTS: dict[str, type[BaseModel]] = {
    "models": Model,
    "quantization": QuantizationScheme,
    "checkpoints": Checkpoint,
    "drafters": Drafter,
    "accelerators": Accelerator,
    "machines": Machine,
    "cloud_run": CloudRunGpu,
    "engines": Engine,
    "known_bugs": KnownBug,
    "measured": MeasuredCase,
}


def load_catalogue(extra: Path | None = None) -> Catalogue:
    """The shipped catalogue, with the rows of an organisation's own file added.

    `extra` is a YAML mapping with any of the lists (models, checkpoints, accelerators, machines, ...) and `prices`, a list of
    machine prices. A row whose id is already there is refused rather than overridden.

    Raises SizingError naming file, entry and field for a malformed entry, a repeated id or a reference to nothing.
    """
    return _load(extra)


@cache
def _load(extra: Path | None) -> Catalogue:
    own = _own_rows(extra) if extra is not None else {}
    lists: dict[str, tuple[Any, ...]] = {}
    for name, kind in _LISTS.items():
        shipped = DATA / f"{name}.yaml"
        lists[name] = _validated(kind, _read(shipped), shipped.name, "")
        if extra is not None and name in own:
            lists[name] += _validated(kind, own[name], str(extra), f"{name}.")
    prices = _prices(_read(DATA / "prices.yaml"), own.get("prices", []), str(extra))
    catalogue = Catalogue(prices=prices, **lists)
    _check_references(catalogue)
    return catalogue


def _own_rows(path: Path) -> dict[str, Any]:
    """The lists of an organisation's file."""
    added = _read(path)
    allowed = [*_LISTS, "prices"]
    if not isinstance(added, dict):
        raise SizingError(f"{path}: expected a mapping with any of {', '.join(allowed)}")
    for name, rows in added.items():
        if name not in allowed or not isinstance(rows, list):
            raise SizingError(f"{path}: '{name}' is not a list of the catalogue{did_you_mean(str(name), allowed)}")
    return added


def _validated(kind: type[BaseModel], rows: Any, file: str, prefix: str) -> tuple[Any, ...]:
    if not isinstance(rows, list):
        raise SizingError(f"{file}: expected a list of entries, found {rows!r}")
    found = []
    for number, row in enumerate(rows):
        try:
            found.append(kind.model_validate(row))
        except ValidationError as error:
            name = (row.get("id") or row.get("machine")) if isinstance(row, dict) else None
            entry = f"{prefix}{number}" + (f" ({name})" if name else "")
            raise SizingError(f"{file}: entry {entry}, {_first_problem(error, kind)}") from None
    return tuple(found)


def _first_problem(error: ValidationError, kind: type[BaseModel]) -> str:
    """Names field, value, and what would be valid."""
    first = error.errors()[0]
    where = first["loc"]
    field = ".".join(str(part) for part in where)
    unknown = first["type"] == "extra_forbidden" and len(where) == 1
    hint = did_you_mean(str(where[0]), kind.model_fields) if unknown else ""
    return f"field '{field}': {first['msg']} (found {first['input']!r}){hint}"


def _prices(shipped: Any, own: Any, file: str) -> Prices:
    prices = Prices.model_validate(shipped)
    rows = (*prices.machines.rows, *_validated(MachinePrice, own, file, "prices."))
    machines = prices.machines.model_copy(update={"rows": rows})
    return prices.model_copy(update={"machines": machines})


def _read(path: Path) -> Any:
    # libyaml's loader where PyYAML was built with it (the wheels are): ten times as fast, and these files are long
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506  (a safe loader either way)
    except (OSError, yaml.YAMLError) as error:
        raise SizingError(f"catalogue file {path} cannot be read: {error}") from None


def _check_references(catalogue: Catalogue) -> None:
    """Every id is unique and every name that a row uses exists."""
    for field in fields(catalogue):
        if field.name == "prices":
            continue
        ids = [row.id for row in getattr(catalogue, field.name)]
        if repeated := sorted({i for i in ids if ids.count(i) > 1}):
            raise SizingError(f"catalogue: {field.name} lists {', '.join(repeated)} twice")
    for checkpoint in catalogue.checkpoints:
        catalogue.model(checkpoint.model)
        scheme = _find(_by_id(catalogue.quantization), checkpoint.scheme, f"quantization scheme (of {checkpoint.id})")
        if scheme.precision != checkpoint.precision:
            raise SizingError(f"catalogue: {checkpoint.id} is {checkpoint.precision}, its scheme {scheme.precision}")
        if checkpoint.drafter is not None and catalogue.drafter(checkpoint.drafter).model != checkpoint.model:
            raise SizingError(f"catalogue: {checkpoint.drafter} is no drafter for {checkpoint.model}")
    for row in (*catalogue.machines, *catalogue.cloud_run):
        catalogue.accelerator(row.accelerator)
    machines = [machine.id for machine in catalogue.machines]
    for price in catalogue.prices.machines.rows:
        if price.machine not in machines:
            nearest = did_you_mean(price.machine, machines)
            raise SizingError(f"catalogue: a price names the machine '{price.machine}'{nearest}")
