"""User streams over real sockets, from the simulated venues to the memory store."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from queue import Empty, SimpleQueue
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest
import redis

from arb.adapters.local.clock import SystemClock, SystemEntropy
from arb.adapters.local.kill_switch import MemoryKillSwitch
from arb.adapters.memory.bars import MemoryBars
from arb.adapters.memory.tables import MemoryTables
from arb.adapters.memory.venue_health import MemoryVenueHealth
from arb.adapters.redis.life import RedisHeartbeats
from arb.adapters.venues.binance import connect as binance
from arb.adapters.venues.binance.client import BinanceClient
from arb.adapters.venues.bithumb import connect as bithumb
from arb.adapters.venues.bithumb.client import BithumbClient
from arb.adapters.venues.upbit import connect as upbit
from arb.adapters.venues.upbit.client import UpbitClient
from arb.adapters.venues.user_stream import StreamWork, UserStreamListener, UserStreams, venue_now_ms
from arb.app.streams import user_streams
from arb.domain.errors import Retryable
from arb.domain.ledger.ledger import opening_entry
from arb.domain.market.ids import Coin, Venue
from arb.domain.market.instrument import Side
from arb.domain.market.pair import Direction
from arb.domain.risk.review import Approved
from arb.domain.trading.order import Fill, Order, OrderState
from arb.engine.market.bars import BarMarket
from arb.engine.market.rules import RereadRules
from arb.engine.market.stream import Notice
from arb.engine.trading.at_end import SettleByMessage
from arb.engine.trading.execute import Execute
from arb.engine.trading.fills import CatchUp, RecordReport, UserStream
from arb.engine.trading.kill_gate import KillGate
from arb.ports.trading import VenueClient
from arb.sim.venues import SIMULATED
from arb.venues.api_key import ApiKey
from arb.venues.binance.user_stream import BinanceUserStream
from arb.venues.bithumb.user_stream import BithumbUserStream
from arb.venues.jwt import nonce_of
from arb.venues.krw.auth import StampedPass
from arb.venues.upbit.user_stream import UpbitUserStream
from config.settings import load
from tests.contracts import world
from tests.contracts.backends import Stores, memory_stores, sql_engine, sql_stores
from tests.engine.trading.test_fills import Alarms, Counts
from tests.free_port import free_port

SOON_S = 60.0
ENDED_S = 20.0
PACE_S = 0.12  # Upbit answers ten questions about prices in a second
CLOCK, ENTROPY = SystemClock(), SystemEntropy()
BUYS = {
    Venue.BINANCE: Direction("sell_upbit"),
    Venue.UPBIT: Direction("buy_upbit"),
    Venue.BITHUMB: Direction("buy_bithumb_sell_binance"),
}
SELLS = {venue: direction.opposite for venue, direction in BUYS.items()}
STREAM_PATHS = {venue: row.user_stream_path for venue, row in SIMULATED.items()}
PLENTY = dict.fromkeys(("KRW", "USDT", "BTC"), Decimal(10**12))
FUNDS = {
    "binance": {"USDT": "100000000", "BTC": "100"},
    "upbit": {"KRW": "140000000000", "BTC": "100"},
    "bithumb": {"KRW": "140000000000", "BTC": "100"},
}
STREAM_FAULTS = ("duplicate_event", "missing_event", "late_event", "reordered_event")


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + SOON_S
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


class Mailbox:
    """The Dispatcher port between threads."""

    def __init__(self) -> None:
        self._tasks: SimpleQueue[tuple[str, tuple[object, ...]]] = SimpleQueue()

    def send(self, task: str, *args: object, countdown_ms: int = 0, expires_ms: int = 0) -> None:
        self._tasks.put((task, args))

    def take(self) -> Iterator[tuple[str, tuple[object, ...]]]:
        while True:
            try:
                yield self._tasks.get_nowait()
            except Empty:
                return


@dataclass(frozen=True)
class Simulator:
    """One simulated venue in a process of its own."""

    venue: Venue
    url: str
    key: ApiKey

    def ask(self, path: str, body: object = None, method: str | None = None) -> object:
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(self.url + path, data=data, method=method), timeout=5) as reply:
            return json.loads(reply.read())

    def client(self) -> VenueClient:
        if self.venue is Venue.BINANCE:
            gateway = binance.connect_gateway(
                self.url, CLOCK, ENTROPY, http_timeout_ms=2_000, weight_per_minute=5_000, orders_per_10s=500
            )
            return BinanceClient(gateway, CLOCK, api_key=self.key, recv_window_ms=2_000)
        if self.venue is Venue.BITHUMB:
            gateway = bithumb.connect_gateway(
                self.url, CLOCK, ENTROPY, http_timeout_ms=2_000, orders_per_s=20, requests_per_s=100
            )
            return BithumbClient(gateway, CLOCK, ENTROPY, api_key=self.key)
        gateway = upbit.connect_gateway(
            self.url, CLOCK, ENTROPY, http_timeout_ms=2_000, orders_per_s=8, requests_per_s=25
        )
        return UpbitClient(gateway, CLOCK, ENTROPY, api_key=self.key, http_timeout_ms=2_000)

    def stream(self, client: VenueClient, key: ApiKey | None = None) -> tuple[UserStream, str]:
        url = self.url.replace("http", "ws") + STREAM_PATHS[self.venue]
        if self.venue is Venue.BINANCE:
            return BinanceUserStream(key or self.key, venue_now_ms(client, CLOCK)), url
        if self.venue is Venue.BITHUMB:
            return BithumbUserStream(lambda: self.stamped(key or self.key)), url
        return UpbitUserStream(key or self.key, nonce=lambda: nonce_of(ENTROPY.bits(128))), url

    def stamped(self, key: ApiKey) -> StampedPass:
        return StampedPass(key, nonce_of(ENTROPY.bits(128)), CLOCK.now_ns() // 1_000_000)

    def best_ask(self) -> Decimal:
        """Return the best ask, waiting for the next book where our own orders have eaten this one."""
        while not (price := self._best_ask()):
            time.sleep(PACE_S)
        return price

    def _best_ask(self) -> Decimal:
        if self.venue is Venue.BINANCE:
            return Decimal(self.ask("/api/v3/ticker/bookTicker?symbol=BTCUSDT")["askPrice"])
        rows = self.ask("/v1/orderbook?markets=KRW-BTC")[0]["orderbook_units"]
        return Decimal(rows[0]["ask_price"]) if rows else Decimal(0)


@pytest.fixture(scope="module", params=list(Venue))
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    venue, port, config = request.param, free_port(), tmp_path_factory.mktemp("sim") / "sim.json"
    market = {"seed": 7, "epoch_ns": time.time_ns(), "coins": ["BTC"], "balances": FUNDS}
    config.write_text(json.dumps(market))
    command = [sys.executable, "-m", "arb.sim", venue.value, "--config", str(config), "--port", str(port)]
    with subprocess.Popen(command) as process:
        key = ApiKey(f"sim-{venue}-key", f"sim-{venue}-secret")
        simulator = Simulator(venue, f"http://127.0.0.1:{port}", key)
        try:
            wait_for(lambda: _is_up(simulator), "the simulator does not start")
            yield simulator
        finally:
            process.terminate()


@pytest.fixture
def simulator(running: Simulator) -> Iterator[Simulator]:
    """A simulator whose faults end with the test."""
    yield running
    running.ask("/sim/faults", method="DELETE")


def _is_up(simulator: Simulator) -> bool:
    try:
        return bool(simulator.ask("/sim/health"))
    except URLError:
        return False


class Desk:
    """A session on one simulated venue, whose fills come by its user stream."""

    def __init__(self, simulator: Simulator, stores: Stores | None = None) -> None:
        self.simulator, self.venue, self.client = simulator, simulator.venue, simulator.client()
        other = BUYS[self.venue].sell_on
        self.stores = stores or memory_stores()
        self.session = replace(world.session(), accounts=dict.fromkeys((self.venue, other), ""))
        self.stores.sessions.create(self.session)
        funds = {self.venue: dict(self.client.balances()), other: PLENTY}
        for venue, assets in funds.items():
            entry = opening_entry(self.session.session_id, venue, assets)
            self.stores.trades.book_entry(self.session.session_id, entry, CLOCK.now_ns())
        self.mailbox, self.counts, self.alarms = Mailbox(), Counts(), Alarms()
        self.orders: list[Order] = []
        shared = {"trades": self.stores.trades, "dispatcher": self.mailbox, "counters": self.counts}
        self.work = StreamWork(
            record=RecordReport(
                **shared, alerts=self.alarms, clock=CLOCK, ended=SettleByMessage(self.mailbox)
            ),
            catch_up=CatchUp(**shared, session_id=self.session.session_id),
            counters=self.counts,
            alerts=self.alarms,
            clock=CLOCK,
        )
        self.execute = Execute(
            **shared, session_id=self.session.session_id, sessions=self.stores.sessions, alerts=self.alarms,
            venues={self.venue: self.client}, clock=CLOCK, entropy=ENTROPY, overdue_ns=1,
            gate=KillGate(
                switch=MemoryKillSwitch(), trades=self.stores.trades, counters=self.counts, clock=CLOCK
            ),
            health=MemoryVenueHealth(MemoryTables()), ended=SettleByMessage(self.mailbox),
            bar_market=BarMarket(bars=MemoryBars(), here=lambda *_: None, alerts=self.alarms, clock=CLOCK),
            reread_rules=RereadRules(expire=lambda *_: None, announce=lambda *_: None, clock=CLOCK),
        )  # fmt: skip

    @property
    def tells_fees(self) -> bool:
        """Tell whether the stream says all of a fill; else it says that there is one, and it is asked for."""
        return self.venue is not Venue.BITHUMB

    def order(self, direction: Direction, quantity: Decimal, limit: Decimal) -> Order:
        """Return a claimed order: the intent is stored before anything is sent."""
        made = world.opening(self.session.session_id, direction=direction, now_ns=CLOCK.now_ns())
        orders = tuple(replace(one, quantity=quantity, limit_price=limit) for one in made.orders)
        verdict = self.stores.trades.open_trade(made.proposal, orders, world.LIMITS, CLOCK.now_ns())
        assert isinstance(verdict, Approved)
        claimed = self.stores.trades.claim(made.on(self.venue).client_order_id, CLOCK.now_ns())
        assert claimed is not None
        self.orders.append(claimed)
        return claimed

    def buy_and_sell(self, count: int) -> None:
        """Place orders, some of them larger than the book within their limit, and forget the replies."""
        rules = next(rule for rule in self.client.instruments([Coin("BTC")]) if rule.base == "BTC")
        for number in range(count):
            time.sleep(PACE_S)
            ask = self.simulator.best_ask()
            quantity = rules.round_quantity(Decimal("0.4") * (1 + number % 4))
            near = rules.round_price(ask * Decimal("1.0003"), Side.BUY)
            self.client.place(self.order(BUYS[self.venue], quantity, near))
            if number % 2:
                far = rules.round_price(ask * Decimal("0.99"), Side.SELL)
                self.client.place(self.order(SELLS[self.venue], rules.round_quantity(quantity / 4), far))

    def now(self) -> list[Order]:
        found = [self.stores.trades.order(order.client_order_id) for order in self.orders]
        return [order for order in found if order is not None]

    def all_ended(self) -> bool:
        return all(order.is_terminal for order in self.now())

    def resolve_what_is_asked(self) -> None:
        for task, args in self.mailbox.take():
            if task == "arb.resolve_order":
                self.execute.resolve(args[0], 0)

    def all_ended_by_asking(self) -> bool:
        self.resolve_what_is_asked()
        return self.all_ended()

    def check(self) -> None:
        """Orders, fills and balances are, to the last unit, what the venue says by query."""
        for order in self.now():
            asked = self.client.query(order)
            assert asked is not None
            assert order.state is asked.status
            assert _exact(order.fills) == _exact(asked.fills)
        booked = self.stores.trades.balances(self.session.session_id)
        own = {asset: amount for (venue, asset), amount in booked.items() if venue is self.venue and amount}
        assert own == self.client.balances()

    @contextmanager
    def listening(self, key: ApiKey | None = None) -> Iterator[UserStreams]:
        streams = UserStreams(self.work, ENTROPY, [self.simulator.stream(self.client, key)])
        streams.start()
        try:
            yield streams
            assert streams.healthy()
        finally:
            streams.stop()


def _exact(fills: Sequence[Fill]) -> list[Fill]:
    """Leave out the stamp, which Upbit's stream cuts to milliseconds, and the order of equal stamps."""
    return sorted((replace(fill, ts_event_ns=0) for fill in fills), key=lambda fill: fill.fill_id)


def wait_connected(desk: Desk, streams: UserStreams, times: int = 1) -> None:
    """Wait until the subscription stands, not only the socket."""

    def stands() -> bool:
        facts = streams.facts()
        frames, connections = int(facts[f"{desk.venue}_frames"]), int(facts[f"{desk.venue}_connections"])
        return connections >= times and frames >= times and facts[f"{desk.venue}_connected_since_ns"] != "0"

    wait_for(stands, "the stream does not connect")


def test_the_stream_alone_brings_every_fill(simulator):
    desk = Desk(simulator)
    with desk.listening() as streams:
        wait_connected(desk, streams)
        desk.buy_and_sell(12)
        wait_for(desk.all_ended if desk.tells_fees else desk.all_ended_by_asking, "fills are missing")
    states = {order.state for order in desk.now()}
    ended = OrderState.EXPIRED if desk.venue is Venue.BINANCE else OrderState.CANCELED
    assert states == {OrderState.FILLED, ended}, "both ways to end were seen"
    assert any(len(order.fills) > 1 for order in desk.now())
    desk.check()
    assert desk.alarms.raised == []
    assert not desk.tells_fees or not [reason for reason in desk.counts.found if "missing" in reason]


def test_whatever_the_stream_does_every_fill_is_booked_once(simulator):
    desk = Desk(simulator)
    channel = {"probability": 0.3, "endpoint": "userDataStream" if desk.venue is Venue.BINANCE else "myOrder"}
    simulator.ask("/sim/faults", [{"kind": kind, "delay_ms": 50, **channel} for kind in STREAM_FAULTS])
    with desk.listening() as streams:
        wait_connected(desk, streams)
        desk.buy_and_sell(20)
        time.sleep(0.2)  # what is late comes in
        desk.resolve_what_is_asked()
        streams.force_reconnect()
        wait_connected(desk, streams, times=2)
        wait_for(desk.all_ended_by_asking, "orders stay open")
    desk.check()
    assert desk.alarms.raised == []


def test_after_a_cut_connection_the_orders_at_the_venue_are_asked_about(simulator):
    desk = Desk(simulator)
    with desk.listening() as streams:
        wait_connected(desk, streams)
        simulator.ask("/sim/faults", {"kind": "missing_event"})
        desk.buy_and_sell(3)
        simulator.ask("/sim/faults", {"kind": "drop_sockets", "count": 1})
        wait_connected(desk, streams, times=2)
        wait_for(desk.all_ended_by_asking, "nobody asked")
    desk.check()


def test_a_wrong_key_does_not_end_the_stream_and_is_seen(simulator):
    desk = Desk(simulator)
    with desk.listening(key=ApiKey(simulator.key.key, "wrong")) as streams:
        failures = f"{desk.venue}_failures"
        wait_for(lambda: int(streams.facts()[failures]) > 0, "no failure is seen")
        if desk.venue is Venue.BINANCE:  # the others refuse the handshake already
            assert set(desk.alarms.kinds()) == {"user_stream_refused"}
            assert "Signature for this request is not valid" in streams.facts()["binance_refusal"]


def test_without_an_account_the_process_stays_alive():
    work = StreamWork(record=None, catch_up=None, counters=Counts(), alerts=Alarms(), clock=CLOCK)
    streams = UserStreams(work, ENTROPY, [])
    streams.start()
    assert streams.healthy()
    assert streams.facts() == {"streams": "none"}
    streams.stop()


class Asked:
    """A catch-up that writes down its calls."""

    def __init__(self) -> None:
        self.venues: list[Venue] = []

    def run(self, venue: Venue) -> int:
        self.venues.append(venue)
        return 0


def test_each_connection_is_caught_up_with_once_its_subscription_stands():
    asked = Asked()
    work = StreamWork(record=None, catch_up=asked, counters=Counts(), alerts=Alarms(), clock=CLOCK)
    listener = UserStreamListener(UpbitUserStream(ApiKey("k", "s"), nonce=lambda: "n"), work)
    for connections in (1, 2):
        listener.opened()
        assert len(asked.venues) == connections - 1
        for _ in range(3):
            assert listener.received(b'{"status":"UP"}', 1) is Notice.PROGRESS
        listener.closed()
        assert len(asked.venues) == connections


def test_a_bad_frame_is_counted_and_the_connection_kept():
    counts = Counts()
    work = StreamWork(record=None, catch_up=Asked(), counters=counts, alerts=Alarms(), clock=CLOCK)
    listener = UserStreamListener(UpbitUserStream(ApiKey("k", "s"), nonce=lambda: "n"), work)
    assert listener.received(b"{", 1) is Notice.ALIVE
    assert counts.found == {"upbit_malformed": 1}


class FastVenue:
    """A venue whose clock is ahead, or cannot be asked."""

    def __init__(self, offset_ms: int | None) -> None:
        self.offset_ms = offset_ms

    def time_offset_ms(self) -> int:
        if self.offset_ms is None:
            raise Retryable("binance", "away")
        return self.offset_ms


@pytest.mark.parametrize(("offset_ms", "ahead_ms"), [(60_000, 60_000), (0, 0), (None, 0)])
def test_requests_are_stamped_by_the_venues_clock_where_it_can_be_asked(offset_ms, ahead_ms):
    now_ms = venue_now_ms(FastVenue(offset_ms), CLOCK)()
    assert abs(now_ms - ahead_ms - CLOCK.now_ns() // 1_000_000) < 5_000


KEYS = {
    f"ARB_{venue.name}__CREDENTIALS__{part}": f"{venue}-{part.lower()}"
    for venue in Venue
    for part in ("KEY", "SECRET")
}


@pytest.mark.parametrize(
    ("mode", "environ", "expected"),
    [
        ("mock", KEYS, {Venue.BINANCE, Venue.UPBIT}),
        ("mock", {name: value for name, value in KEYS.items() if "UPBIT" in name}, {Venue.UPBIT}),
        ("mock", {}, set()),
        ("paper", KEYS, set()),
    ],
)
def test_the_process_listens_where_an_account_is_traded_on(tmp_path, mode, environ, expected):
    found = load(mode, {"ARB_HOME": str(tmp_path), **environ})
    clients = {venue: FastVenue(0) for venue in Venue}
    listened = user_streams(found, clients, CLOCK, ENTROPY)
    assert {stream.venue for stream, _ in listened} == expected
    for stream, url in listened:
        assert url == getattr(found, stream.venue).user_stream_url
        assert f"{stream.venue}-secret" not in "".join((*stream.opened(), *stream.headers().values()))


@pytest.mark.integration
def test_the_process_books_fills_in_sql_and_ends_on_a_signal(simulator, database_url, redis_url, tmp_path):
    database = sql_engine(database_url)
    desk = Desk(simulator, sql_stores(database))
    venue = simulator.venue.name
    environ = {
        "ARB_MODE": "mock", "ARB_HOME": str(tmp_path), "ARB_DATABASE_URL": database_url,
        "ARB_REDIS_URL": redis_url, f"ARB_{venue}__REST_URL": simulator.url,
        f"ARB_{venue}__USER_STREAM_URL": simulator.stream(desk.client)[1],
        f"ARB_{venue}__CREDENTIALS__KEY": simulator.key.key,
        f"ARB_{venue}__CREDENTIALS__SECRET": simulator.key.secret,
        "ARB_PAIR": f"{BUYS[simulator.venue].buy_on},{BUYS[simulator.venue].sell_on}",
    }  # fmt: skip
    with (
        redis.Redis.from_url(redis_url) as broker,
        subprocess.Popen([sys.executable, "-m", "workers.stream"], env=os.environ | environ) as process,
    ):
        try:
            heartbeats = RedisHeartbeats(broker, "mock")
            frames = f"{simulator.venue}_frames"
            wait_for(lambda: int(heartbeats.read().get("stream", {}).get(frames, 0)) > 0, "not connected")
            desk.buy_and_sell(6)
            if desk.tells_fees:
                wait_for(desk.all_ended, "fills are missing")
            else:
                queued = partial(broker.lrange, "mock:orders", 0, -1)
                wait_for(lambda: b"arb.resolve_order" in b"".join(queued()), "nobody is told")
        finally:
            process.terminate()
        assert process.wait(ENDED_S) == 0
    if desk.tells_fees:
        desk.check()
    database.dispose()
