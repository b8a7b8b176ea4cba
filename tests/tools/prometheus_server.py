"""A real Prometheus over synthetic series: blocks made by promtool from OpenMetrics text, served on the loopback."""

from __future__ import annotations

import contextlib
import datetime
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.tools.prometheus_program import Installed
from tests.tools.servers import free_port, running, wait_until_up

#: Kept for longer than any test's month is ago.
RETENTION = "50y"
#: A block of two hours for each two hours of a month would be hundreds.
BLOCK = "750h"
TOOL_SECONDS = 300


@dataclass(frozen=True)
class Synthetic:
    """One time series: name, labels, and (seconds since 1970, value) in the order of time."""

    name: str
    labels: Mapping[str, str]
    points: Iterable[tuple[float, float]]


def seconds(text: str) -> float:
    """A time in UTC, 2026-10-01 or 2026-10-01T12:00."""
    return datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC).timestamp()


def every(begin: float, end: float, step: float) -> list[float]:
    """Times from begin to end, both among them."""
    count = int((end - begin) / step)
    return [begin + step * number for number in range(count + 1)]


def openmetrics(series: Iterable[Synthetic]) -> str:
    """As promtool reads it: of each name all its series together."""
    by_name: dict[str, list[Synthetic]] = {}
    for one in series:
        by_name.setdefault(one.name, []).append(one)
    lines = []
    for name, found in sorted(by_name.items()):
        kind = "counter" if name.endswith("_total") else "gauge"
        lines.append(f"# TYPE {name.removesuffix('_total')} {kind}")
        for one in found:
            labels = ",".join(f'{label}="{value}"' for label, value in sorted(one.labels.items()))
            lines += [f"{name}{{{labels}}} {value!r} {time:.0f}" for time, value in one.points]
    return "\n".join([*lines, "# EOF", ""])


def fill(installed: Installed, folder: Path, series: Iterable[Synthetic]) -> Path:
    """A database with these series."""
    text, data = folder / "series.txt", folder / "data"
    text.write_text(openmetrics(series), encoding="utf-8")
    command = [
        installed.promtool,
        "tsdb",
        "create-blocks-from",
        "--max-block-duration",
        BLOCK,
        "openmetrics",
        text,
        data,
    ]
    subprocess.run([str(part) for part in command], check=True, capture_output=True, timeout=TOOL_SECONDS)
    return data


@contextlib.contextmanager
def serve(installed: Installed, folder: Path, data: Path, rules: Path | None = None) -> Iterator[str]:
    """Runs the server on a free port of the loopback; yields its address."""
    port, configuration = free_port(), folder / "prometheus.yml"
    listed = f"rule_files: ['{rules}']\n" if rules else ""
    configuration.write_text(f"global: {{evaluation_interval: 1s}}\n{listed}", encoding="utf-8")
    address = f"http://127.0.0.1:{port}"
    command = [
        *(installed.prometheus, f"--config.file={configuration}", f"--storage.tsdb.path={data}"),
        *(f"--storage.tsdb.retention.time={RETENTION}", f"--web.listen-address=127.0.0.1:{port}"),
        "--log.level=warn",
    ]
    log = folder / "prometheus.log"
    with running(command, log) as server:
        wait_until_up(server, f"{address}/-/ready", log)
        yield address
