"""Live mode over simulated exchanges: whose the keys are, over rotations, and what two pairs share."""

import os
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Thread

import pytest
from sqlalchemy.engine import make_url

from arb.app.container_start import prepare
from arb.app.engines import build
from arb.domain.errors import ConfigError
from arb.domain.market.ids import Venue
from arb.domain.risk.review import Approved, Denied, Mode
from arb.domain.trading.trade import TradeState
from arb.stack.postgres_server import create_database
from arb.stack.shutdown import silent
from config.settings import LIVE_LIMITS, load, variable
from tests.adapters.venues.simulators import CLOCK, KEYS, running
from tests.contracts import world

pytestmark = pytest.mark.integration
OWNER_UID, SUB_UID = 354_937_868, 41
ROTATED = {venue: {"key": f"{venue}-rotated", "secret": f"{venue}-secret"} for venue in Venue}
numbers = count(1)
CEILING = Decimal(60_000)


@pytest.fixture(scope="module")
def venues(tmp_path_factory):
    """Both venues, both with rotated keys, and Binance as a sub-account of it answers."""
    with (
        running(tmp_path_factory.mktemp("first")) as first,
        running(tmp_path_factory.mktemp("rotated"), credentials=ROTATED) as rotated,
        running(tmp_path_factory.mktemp("sub"), (Venue.BINANCE,), credentials=ROTATED, uid=SUB_UID) as sub,
    ):
        yield first, rotated, sub


@pytest.fixture
def live(tmp_path, monkeypatch, servers, migrated_template, redis_url):
    """Return live mode's settings for a group at venues with keys, over a database of its own."""
    database = f"live_{next(numbers)}"
    create_database(servers.postgres.url, database, template=migrated_template)
    url = make_url(servers.postgres.url).set(database=database).render_as_string(hide_password=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".live_trading_ok").touch()
    common = {
        "LIVE_TRADING": "1",
        "ARB_HOME": str(tmp_path),
        "ARB_DATABASE_URL": url,
        "ARB_REDIS_URL": redis_url,
        "ARB_COINS": "BTC",
        **{variable(key): "400" if key.startswith("strategy") else "1000000" for key in LIVE_LIMITS},
    }

    def settings(simulators, group, keys=KEYS):
        environ = dict(common, ARB_GROUP=group, ARB_UPBIT__ACCOUNT="desk")
        for venue, simulator in simulators.items():
            known = keys[venue] if isinstance(keys[venue], dict) else vars_of(keys[venue])
            environ[f"ARB_{venue.upper()}__REST_URL"] = getattr(simulator, "url", simulator)
            environ[f"ARB_{venue.upper()}__CREDENTIALS__KEY"] = known["key"]
            environ[f"ARB_{venue.upper()}__CREDENTIALS__SECRET"] = known["secret"]
        for name, text in environ.items():
            monkeypatch.setenv(name, text)
        return load("live", os.environ)

    return settings


def vars_of(key):
    return {"key": key.key, "secret": key.secret}


@contextmanager
def begun(settings):
    """A session as a start has it before trading, with open books, and its engine.

    Its Redis connections stay open: the thread behind its stores may be writing through them.
    """
    prepare(settings, silent)
    engine = build(settings)
    engine.ledger.reconcile.open_books()
    try:
        yield engine
    finally:
        engine.unmirrored.trades.engine.dispose()


def accounts_of(engine):
    return dict(engine.sessions.get(engine.session_id).accounts)


def attempt(engine, **limits):
    engine.sessions.set_mode(engine.session_id, Mode.NORMAL, "test", CLOCK.now_ns())
    opening = world.opening(engine.session_id, now_ns=CLOCK.now_ns())
    limit = world.with_limits(generation=engine.settings.generation, **limits)
    return opening, engine.trades.open_trade(opening.proposal, opening.orders, limit, CLOCK.now_ns())


def lose(engine, pnl_krw):
    opening, verdict = attempt(engine)
    assert isinstance(verdict, Approved)
    for order in opening.orders:
        engine.trades.deny(order.client_order_id, "test", CLOCK.now_ns())
    ended = {"state": TradeState.CLOSED, "closed_at_ns": CLOCK.now_ns(), "pnl_krw": Decimal(pnl_krw)}
    engine.trades.add_orders(replace(opening.trade, **ended), ())


def test_keys_that_are_rotated_open_the_same_accounts_with_the_same_daily_loss(live, venues):
    first, rotated, _ = venues
    with begun(live(first, "rotation")) as engine:
        named, session_id = accounts_of(engine), engine.session_id
        assert named == {Venue.UPBIT: "desk", Venue.BINANCE: str(OWNER_UID)}
        lose(engine, -CEILING)
    with begun(live(rotated, "rotation", keys=ROTATED)) as engine:
        assert (engine.session_id, accounts_of(engine)) == (session_id, named)
        assert attempt(engine, daily_loss_krw_max=CEILING)[1] == Denied("daily_loss")


def test_two_pairs_at_one_upbit_see_what_each_other_spends_and_loses_there(live, venues):
    first, _, sub = venues
    sub_keys = KEYS | {Venue.BINANCE: ROTATED[Venue.BINANCE]}
    with begun(live(first, "one")) as one, begun(live(first | sub, "two", sub_keys)) as two:
        assert accounts_of(two) == {Venue.UPBIT: "desk", Venue.BINANCE: str(SUB_UID)}
        before = dict(two.trades.free(two.session_id))
        opening, verdict = attempt(one)
        assert isinstance(verdict, Approved)
        coin, cash = (Venue.UPBIT, "BTC"), (Venue.BINANCE, "USDT")
        after = two.trades.free(two.session_id)
        assert after[coin] == before[coin] - opening.trade.quantity
        assert after[cash] == before[cash]
        lose(one, -CEILING)
        assert attempt(two, daily_loss_krw_max=CEILING)[1] == Denied("daily_loss")


def test_a_key_of_another_account_is_refused_beside_an_open_pair(live, venues):
    first, _, sub = venues
    with begun(live(first, "mixed")) as engine:
        named = accounts_of(engine)
        swapped = live(first | sub, "mixed", KEYS | {Venue.BINANCE: ROTATED[Venue.BINANCE]})
        lose(engine, -1)
        attempt(engine)
        with pytest.raises(
            ConfigError, match=r"^session live-mixed-.* binance=354937868,upbit=desk.* binance=41"
        ):
            prepare(swapped, silent)
        assert accounts_of(engine) == named


def test_a_key_that_the_venue_refuses_is_one_line_at_its_first_start(live, venues):
    first, _, _ = venues
    first[Venue.BINANCE].fault("revoked_key")
    try:
        with pytest.raises(ConfigError, match=r"^binance: .*HTTP 401 .*check the key.*$") as refused:
            prepare(live(first, "revoked", keys=KEYS | {Venue.BINANCE: ROTATED[Venue.BINANCE]}), silent)
        assert "rotated" not in str(refused.value)
    finally:
        first[Venue.BINANCE].admin("DELETE", "/sim/faults")


def test_a_403_of_the_firewall_is_one_line_at_the_first_start(live, venues):
    first, _, _ = venues

    class Firewall(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(403)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Firewall)
    Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    try:
        unknown = KEYS | {Venue.BINANCE: ROTATED[Venue.BINANCE]}
        with pytest.raises(ConfigError, match=r"^binance: .*HTTP 403 .*check the key.*$"):
            prepare(live(first | {Venue.BINANCE: url}, "walled", keys=unknown), silent)
    finally:
        server.shutdown()
        server.server_close()
