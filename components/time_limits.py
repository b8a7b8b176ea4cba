"""The one table of time limits between a caller and the engine, in seconds. Pure.

Two chains must hold, or a long answer is cut off and a slow start is given up (tested as inequalities):
longest generation <= request limit (`predictor.timeout`, which is also the drain) <= Knative's maximum <= the gateway's limit;
start-up estimate <= probe budget <= progress deadline.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Longest request that the platform serves: what Cloud Run allows at most, so that a deployment behaves alike on both runtimes
#: (docs.cloud.google.com/run/docs/configuring/request-timeout, 2026). Knative's `max-revision-timeout-seconds`; shipped with 600.
LONGEST_REQUEST_SECONDS = 3600
#: The gateway gives up later than what stands behind it, so that the caller gets that one's answer. Google's default is 30.
GATEWAY_SECONDS = LONGEST_REQUEST_SECONDS + 30
#: Time for the answer's way out, and for a queue in the engine, on top of the longest generation.
REQUEST_MARGIN_SECONDS = 60
#: A new GPU node: created, driver installed, engine image pulled (estimate; image streaming shortens it).
NODE_SECONDS = 600
#: Endpoints forget a stopping pod within this time; until then it still gets requests.
ENDPOINT_SECONDS = 15


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """The limits of one deployment."""

    longest_generation: int
    request: int
    startup: int
    startup_probe: int
    progress_deadline: int
    cold_start: int

    @property
    def termination_grace(self) -> int:
        """How long a stopping pod may finish its answers where the platform itself says so (Standard mode)."""
        return ENDPOINT_SECONDS + self.request


def time_limits(
    longest_generation: int, startup: int, startup_probe: int, *, from_zero: bool, new_node: bool
) -> TimeLimits:
    """The limits for an engine that starts in `startup` seconds by estimate and may take `startup_probe`.

    With `from_zero` a request may wait for a start, and Knative's activator counts that wait; with `new_node` a node comes first.
    Raises ValueError where the chain cannot hold.
    """
    if startup > startup_probe:
        raise ValueError(f"a start takes about {startup} s, and the probe gives up after {startup_probe} s")
    cold_start = startup + (NODE_SECONDS if new_node else 0)
    request = longest_generation + REQUEST_MARGIN_SECONDS + (cold_start if from_zero else 0)
    if request > LONGEST_REQUEST_SECONDS:
        raise ValueError(
            f"a request may take {request} s ({longest_generation} s for the longest answer"
            + (f", {cold_start} s for a cold start" if from_zero else "")
            + f"), {LONGEST_REQUEST_SECONDS} s are served at most; lower max_answer_tokens or the requests at once"
            + (", or set scale_to_zero: false" if from_zero else "")
        )
    return TimeLimits(
        longest_generation=longest_generation,
        request=request,
        startup=startup,
        startup_probe=startup_probe,
        progress_deadline=startup_probe + (NODE_SECONDS if new_node else 0),
        cold_start=cold_start,
    )
