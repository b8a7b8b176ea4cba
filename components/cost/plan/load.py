"""How many replicas carry a part of the peak, and how many of them are paid for."""

from __future__ import annotations

from decimal import Decimal
from math import ceil

from components.sizing.record import SizingRecord

#: Share of the peak concurrency that is expected in the active hours, where nobody says otherwise (docs/cost.md).
EXPECTED_SHARE = Decimal("0.5")


def replicas_at(record: SizingRecord, share: Decimal) -> int:
    """Replicas for `share` of the peak concurrency: never fewer than the minimum, never more than the maximum.

    With high availability one of them may be lost and the others still carry it, as at the peak.
    """
    carrying = ceil(share * record.demand.peak_concurrent_requests / record.max_num_seqs)
    wanted = max(2, carrying + 1) if record.demand.high_availability else carrying
    return min(max(wanted, record.min_replicas), record.max_replicas)


def machines_for(record: SizingRecord, replicas: int) -> int:
    """Machines, or instances of Cloud Run, that hold so many replicas of one deployment; none is shared with another one."""
    return -(-replicas // record.replicas_per_host)


def paid_replicas(record: SizingRecord, replicas: int) -> int:
    """Replicas that are paid for while so many run: a machine is paid as a whole."""
    return machines_for(record, replicas) * record.replicas_per_host
