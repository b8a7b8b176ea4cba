"""What the shared parts of an environment cost a month: one rule a part, for plans and for the list of what costs idle."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from components.cost.prices import shared_prices as prices
from components.sizing.catalogue import GIB, Catalogue
from components.sizing.record import SizingRecord
from components.sizing.replicas import HOURS_PER_MONTH
from components.sizing.weights import checkpoint_bytes, drafter_bytes


def cluster_fee() -> Decimal:
    """USD a month of the cluster itself."""
    return prices.CLUSTER_HOUR * HOURS_PER_MONTH


def machines(machine_type: str, region: str, count: int) -> Decimal | None:
    """USD a month of machines without a GPU; None where no price is known."""
    hour = prices.MACHINE_HOUR.get((machine_type, region))
    return None if hour is None else hour * count * HOURS_PER_MONTH


def boot_disks(disk_type: str, size_gb: int, region: str, count: Decimal | int) -> Decimal | None:
    """USD a month of the disks of so many machines, part of a month counted as such; None where no price is known."""
    gb_month = prices.DISK_GB_MONTH.get((disk_type, region))
    return None if gb_month is None else gb_month * size_gb * count


def nat(machine_count: Decimal | int) -> Decimal:
    """USD a month of Cloud NAT with one address, without its traffic.

    Of machines that are there for a part of the month their mean counts. Since there is a most for all of them, that is never too
    little.
    """
    hour = min(prices.NAT_MACHINE_HOUR * machine_count, prices.NAT_MOST_HOUR) + prices.NAT_ADDRESS_HOUR
    return hour * HOURS_PER_MONTH


def bucket(size_bytes: int, location: str) -> Decimal | None:
    """USD a month of that many bytes in a bucket; None where no price is known for its location."""
    gb_month = prices.BUCKET_GB_MONTH.get(location.lower())
    return None if gb_month is None else gb_month * size_bytes / GIB


def keys(versions: int) -> Decimal:
    """USD a month of so many versions of keys."""
    return prices.KEY_VERSION_MONTH * versions


def weights_bytes(records: Mapping[tuple[str, str], SizingRecord], catalogue: Catalogue) -> int:
    """Bytes of all checkpoints that deployments load, each revision once; `records` has one that loads it for each."""
    size = 0
    for (checkpoint, _), record in records.items():
        config = record.budget.config
        if checkpoint == config.checkpoint.id:
            size += checkpoint_bytes(config.model, config.checkpoint, catalogue.scheme(config.checkpoint))
        else:
            size += drafter_bytes(config.model)
    return size


def bucket_words(size_bytes: int) -> str:
    """How the cost of a bucket comes about."""
    gib = Decimal(size_bytes) / GIB
    return f"{gib:.1f} GiB of checkpoints; earlier and deleted versions are not in it"
