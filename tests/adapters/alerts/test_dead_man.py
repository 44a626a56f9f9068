"""The ping to somebody outside, against a real HTTP server."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from structlog.testing import capture_logs

from arb.adapters.alerts.dead_man import DeadManPing
from arb.domain.time import NS_PER_MINUTE


class Outside(HTTPServer):
    """Counts who asks, and answers with a status."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.asked: list[str] = []
        self.status = 200

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/ping/secret-id"


class Answer(BaseHTTPRequestHandler):
    server: Outside

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def outside() -> Iterator[Outside]:
    server = Outside()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_it_pings_once_in_an_interval(outside: Outside) -> None:
    ping = DeadManPing(outside.url, NS_PER_MINUTE)
    for at_ns in (
        NS_PER_MINUTE,
        NS_PER_MINUTE + 1,
        2 * NS_PER_MINUTE - 1,
        2 * NS_PER_MINUTE,
        3 * NS_PER_MINUTE + 5,
    ):
        ping.ping(at_ns)
    assert outside.asked == ["/ping/secret-id"] * 3


def test_while_the_stack_stops_it_is_silent_and_pings_at_once_when_that_is_over(outside: Outside) -> None:
    stops = [True]
    ping = DeadManPing(outside.url, NS_PER_MINUTE, stops=lambda: stops[0])
    ping.ping(NS_PER_MINUTE)
    assert outside.asked == []
    stops[0] = False
    ping.ping(NS_PER_MINUTE + 1)
    assert len(outside.asked) == 1


def test_without_an_address_it_is_silent() -> None:
    with capture_logs() as said:
        DeadManPing(None, NS_PER_MINUTE).ping(NS_PER_MINUTE)
    assert said == []


def test_a_refusal_is_a_line_without_the_address_and_the_next_ping_comes_as_ever(outside: Outside) -> None:
    outside.status = 503
    ping = DeadManPing(outside.url, NS_PER_MINUTE)
    with capture_logs() as said:
        ping.ping(NS_PER_MINUTE)
        ping.ping(2 * NS_PER_MINUTE)
    assert len(outside.asked) == 2
    assert [line["reason"] for line in said] == ["status 503", "status 503"]
    assert "secret-id" not in str(said)


def test_nobody_there_is_a_line_and_nothing_is_raised(outside: Outside) -> None:
    ping = DeadManPing("http://127.0.0.1:9/ping/secret-id", NS_PER_MINUTE)
    with capture_logs() as said:
        ping.ping(NS_PER_MINUTE)
    assert [line["event"] for line in said] == ["dead_man_not_reached"]
    assert "secret-id" not in str(said)
