"""`arb kill` takes our orders back from the venues, whatever is wrong with the servers' addresses."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from arb.adapters.venues.http import HttpTransport
from arb.app import kill as operation
from arb.domain.market.ids import Coin, Venue
from arb.stack.home import Home
from arb.venues.jwt import hashed_text, nonce_of
from arb.venues.krw.auth import Pass, bearer
from arb.venues.upbit import orders as upbit
from tests.adapters.venues.simulators import CLOCK, ENTROPY, KEYS, Simulator, make_order, running
from tests.free_port import free_port

MARK = "efGH34"
WAITED_NS = 5_000_000_000  # since the switch went on: of the time that a kill without a database waits


def engaged_ns():
    return CLOCK.now_ns() - WAITED_NS


@pytest.fixture
def venues(tmp_path, monkeypatch):
    """Both simulated exchanges, as the settings of this process have them."""
    with running(tmp_path) as simulators:
        for venue, simulator in simulators.items():
            monkeypatch.setenv(f"ARB_{venue.upper()}__REST_URL", simulator.url)
            monkeypatch.setenv(f"ARB_{venue.upper()}__CREDENTIALS__KEY", KEYS[venue].key)
            monkeypatch.setenv(f"ARB_{venue.upper()}__CREDENTIALS__SECRET", KEYS[venue].secret)
        yield simulators


def rest(simulator: Simulator) -> str:
    """Have an order of ours rest in Upbit's book, as a lost cancellation would leave it; return its id."""
    [instrument] = [
        made for made in simulator.client().instruments([Coin("BTC")]) if made.symbol == "BTC/KRW"
    ]
    order = make_order(instrument, Decimal(100_000_000))
    form = {key: text for key, text in upbit.order_parameters(order).items() if key != "time_in_force"}
    access = Pass(KEYS[Venue.UPBIT], nonce_of(ENTROPY.bits(128)))
    request = upbit.place(order, access)
    headers = {**request.headers, **bearer(access, hashed_text(form.items()))}
    transport = HttpTransport(simulator.url, connect_timeout_ms=2_000, read_timeout_ms=5_000)
    assert transport.send(replace(request, body=json.dumps(form).encode(), headers=headers)).status == 201
    transport.close()
    return order.client_order_id


@pytest.mark.parametrize(
    ("redis", "database"),
    [
        (f"redis://:abCD12/{MARK}@127.0.0.1:6379/0", "postgresql://arb@127.0.0.1:1/arb"),
        ("redis://127.0.0.1:1/0", f"nonsense{MARK}"),
    ],
)
def test_an_address_that_is_none_keeps_no_order_at_a_venue(venues, tmp_path, monkeypatch, redis, database):
    monkeypatch.setenv("ARB_REDIS_URL", redis)
    monkeypatch.setenv("ARB_DATABASE_URL", database)
    resting = rest(venues[Venue.UPBIT])
    said: list[str] = []
    report = operation.kill(Home(tmp_path), "storm", engaged_ns(), 20_000, said.append)
    assert [order.client_order_id for order in report.cancelled] == [resting]
    assert report.no_open_orders_ms is not None
    assert "is no address as " in report.problems[0]
    assert MARK.lower() not in f"{report} {said}".lower()


@pytest.mark.parametrize("text", ["strategy: [", "stratgy: {}", "strategy: {entry_edge_bps: much}"])
def test_a_file_that_is_broken_keeps_no_order_at_a_venue(venues, tmp_path, monkeypatch, text):
    own = tmp_path / "own.yml"
    own.write_text(text)
    monkeypatch.setenv("ARB_CONFIG", str(own))
    monkeypatch.setenv("ARB_DATABASE_URL", f"postgresql://arb@127.0.0.1:{free_port()}/arb")
    resting = rest(venues[Venue.UPBIT])
    report = operation.kill(Home(tmp_path), "storm", engaged_ns(), 20_000, lambda _text: None)
    assert [order.client_order_id for order in report.cancelled] == [resting]
    assert any("own.yml" in line or "strat" in line for line in report.problems)


def test_whatever_fails_as_the_processes_are_told_ends_no_kill(tmp_path, monkeypatch):
    def broken(*_: object) -> bool:
        raise ValueError(MARK)

    monkeypatch.setattr(operation, "broadcast", broken)
    monkeypatch.setenv("ARB_MODE", "paper")
    monkeypatch.setenv("ARB_REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("ARB_DATABASE_URL", f"postgresql://arb@127.0.0.1:{free_port()}/arb")
    report = operation.kill(Home(tmp_path), "storm", engaged_ns(), 15_000, lambda _text: None)
    assert "the processes could not be told at once: ValueError" in report.problems
    assert report.no_open_orders_ms is not None
