"""Copies many objects at once and checks each: the first failure ends the others, and what is complete stays."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from .errors import ConflictError, CorruptObjectError, MissingSourceError, TransferFailedError
from .plan import Plan, StoredObject, Transfer, fits
from .source import Source
from .storage_errors import AGAIN
from .target import Target

#: Without news, a line is printed after as many seconds.
HEARTBEAT_S = 30.0


class _Progress:
    """Bytes copied so far, counted by all threads, and the word to stop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self.copied_bytes = 0

    def advance(self, copied_bytes: int) -> None:
        if self._stopped.is_set():
            raise TransferFailedError("stopped, since another object failed")
        with self._lock:
            self.copied_bytes += copied_bytes

    def stop(self) -> None:
        self._stopped.set()


def transfer_all(plan: Plan, source: Source, target: Target, parallel: int, say: Callable[[str], None]) -> None:
    """Copy every transfer of the plan, `parallel` at a time; raises the first error when the others have stopped."""
    progress, start = _Progress(), time.monotonic()
    total = len(plan.keep) + len(plan.transfers)
    done = len(plan.keep)
    pool = ThreadPoolExecutor(max_workers=parallel, thread_name_prefix="transfer")
    try:
        waiting: dict[Future[float], Transfer] = {
            pool.submit(_transfer, transfer, source, target, progress): transfer for transfer in plan.transfers
        }
        while waiting:
            finished, _ = wait(waiting, timeout=HEARTBEAT_S, return_when=FIRST_COMPLETED)
            for future in finished:
                item, seconds = waiting.pop(future).item, future.result()
                done += 1
                say(f"copied {done}/{total}: {item.name}, {item.size_bytes:,} bytes in {seconds:.1f} s")
            if not finished:
                copied = f"{progress.copied_bytes:,} of {plan.transfer_bytes:,} bytes"
                say(f"copying: {copied} after {time.monotonic() - start:.0f} s")
    finally:
        progress.stop()
        pool.shutdown(wait=True, cancel_futures=True)


def _transfer(transfer: Transfer, source: Source, target: Target, progress: _Progress) -> float:
    """Copy one object and check it; returns the seconds that it took."""
    start, item = time.monotonic(), transfer.item
    progress.advance(0)
    try:
        crc32c = source.copy(transfer, target, progress.advance)
    except ConflictError:
        with contextlib.suppress(MissingSourceError):
            if fits(item, target.stat(item.name)):  # another loader was quicker, with the same content
                return time.monotonic() - start
        raise
    stored = target.stat(item.name)
    _check(transfer, stored, crc32c, target)
    if item.fingerprint is not None:
        target.mark(stored, item.fingerprint)
    return time.monotonic() - start


def _check(transfer: Transfer, stored: StoredObject, crc32c: str, target: Target) -> None:
    """Raises CorruptObjectError, with the object removed, when it is not what was sent or not what is wanted."""
    item = transfer.item
    wanted = item.crc32c or crc32c
    if stored.size_bytes == item.size_bytes and stored.crc32c == wanted == crc32c:
        return
    target.remove(stored)
    raise CorruptObjectError(
        f"{target.url}{item.name} has CRC32C {stored.crc32c} and {stored.size_bytes:,} bytes, and must have {wanted} and "
        f"{item.size_bytes:,}; it was removed; {AGAIN}. If it comes back, the source itself is damaged"
    )
