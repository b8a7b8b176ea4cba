"""Says on standard error what is being waited for, so that a cold start does not look like a hang."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

#: Between two lines about the same wait.
EVERY_SECONDS = 15.0


class Progress:
    """Lines about the check that runs."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._what = ""
        self._last = ""

    @contextlib.contextmanager
    def waiting(self, what: str, limit_seconds: float) -> Iterator[None]:
        """While it lasts, says now and then how long `what` has taken so far, and what was last noted about it."""
        self._what, self._last = what, ""
        start, ended = time.monotonic(), threading.Event()

        def repeat() -> None:
            while not ended.wait(EVERY_SECONDS):
                self._write(f"{what}: {time.monotonic() - start:.0f} s of at most {limit_seconds:.0f} s{self._last}")

        thread = threading.Thread(target=repeat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def note(self, text: str) -> None:
        """Says it once, and repeats it in the lines that follow."""
        if self._last != f"; {text}":
            self._last = f"; {text}"
            self._write(f"{self._what}: {text}; trying again")
