"""What stands alone of showback: the page's picture, and the client's errors without a server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from components.cost.errors import CostError
from components.cost.showback.bars import COLOURS, Bar, bars
from components.cost.showback.month import Span
from components.cost.showback.page import page_values
from components.cost.showback.prometheus import CHUNK, Prometheus, managed_address


def test_the_page_shows_the_worked_example_as_it_is_computed() -> None:
    table = page_values()["worked"]["table"]
    for number in ("22,644", "18,468", "36,840", "4,584", "72.00638", "27.99362", "3,311.96", "3,267.94", "6,579.90"):
        assert number in table


def test_names_cannot_break_out_of_the_picture() -> None:
    text = bars("T & t", [Bar("<script>", (("serving", Decimal(1)),), "<b>", Decimal(2))])
    assert "<script>" not in text
    assert "<b>" not in text
    assert "T &amp; t" in text
    assert COLOURS["serving"] in text


def test_a_picture_of_nothing_is_one() -> None:
    assert bars("nothing", [Bar("a", (("serving", Decimal(0)),), "0.00")]).endswith("</svg>")


@contextmanager
def answering(body: object, status: int = 200) -> Iterator[tuple[str, list[str]]]:
    """A server that gives every query the same answer; (its address, what was asked)."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode() if isinstance(body, str) else json.dumps(body).encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def result(*values: object, **more: object) -> dict[str, object]:
    series = [{"metric": {"__name__": "x", "a": "b"}, "values": list(values)}]
    return {"status": "success", "data": {"resultType": "matrix", "result": series}, **more}


def test_raw_samples_are_asked_for_a_day_at_a_time_and_are_exact() -> None:
    with answering(result([1.5, "0.1"], [2, "3"])) as (address, asked):
        found = list(Prometheus(address, {"cluster": "c"}).raw("x", Span(Decimal(0), CHUNK * 2 + 60), 'a="b"'))
    assert len(found) == len(asked) == 3
    assert found[0].points == ((Decimal("1.5"), Decimal("0.1")), (Decimal(2), Decimal(3)))
    assert found[0].labels == {"a": "b"}
    assert "86400s" in asked[0]
    assert "60s" in asked[2]
    assert "cluster" in asked[0]


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (result([1, "NaN"]), 200, "from which nothing can be counted"),
        (result([1, "much"]), 200, "which is no number"),
        (result([1, "1"], warnings=["one store is down"]), 200, "in part only: one store is down"),
        ({"status": "error", "error": "too many samples"}, 422, "refused .* 422, too many samples"),
        ("<html>login</html>", 200, "refused"),
    ],
)
def test_an_answer_that_no_bill_can_be_made_of_is_refused(body: object, status: int, words: str) -> None:
    with answering(body, status) as (address, _), pytest.raises(CostError, match=words):
        Prometheus(address).at("x", Decimal(1))


def test_a_server_that_is_not_there_is_named() -> None:
    with pytest.raises(CostError, match=r"http://127\.0\.0\.1:9 cannot be reached"):
        Prometheus("http://127.0.0.1:9").at("x", Decimal(1))


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(CostError, match="--prometheus: found 'prometheus'"):
        Prometheus("prometheus")


def test_managed_prometheus_needs_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    import google.auth
    from google.auth.exceptions import DefaultCredentialsError

    def none(**_: object) -> None:
        raise DefaultCredentialsError

    monkeypatch.setattr(google.auth, "default", none)
    with pytest.raises(CostError, match="gcloud auth application-default login"):
        Prometheus(managed_address("example-gemma-dev"))
