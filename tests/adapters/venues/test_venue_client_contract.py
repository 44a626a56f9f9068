"""One text over each client, against the simulated exchanges over real sockets."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random
from typing import TypeVar

import pytest

from arb.domain.errors import AgainstRules, OutcomeUnknown, RateLimited, Rejected, Retryable, VenueError
from arb.domain.ledger.ledger import fill_entry, venue_account
from arb.domain.market.ids import Coin, Symbol, Venue, VenueOrderId
from arb.domain.market.instrument import Instrument, Side
from arb.domain.market.money import ZERO
from arb.domain.trading.external import ListedOrder
from arb.domain.trading.order import TERMINAL, Order, OrderReport, OrderState
from arb.ports.trading import NeverPlaced, NotFoundYet, Resolution, VenueClient
from tests.adapters.venues.simulators import CLOCK, RECV_WINDOW_MS, Simulator, make_order, running

PLACE = {
    Venue.BINANCE: "POST /api/v3/order",
    Venue.UPBIT: "POST /v1/orders",
    Venue.BITHUMB: "POST /v2/orders",
}
PRICE = {"USDT": Decimal(100_000), "KRW": Decimal(140_000_000)}
FEES_BPS = {Venue.BINANCE: 10, Venue.UPBIT: 5, Venue.BITHUMB: 4}
RESOLVE_S_MAX = 8.0
Answer = TypeVar("Answer")


def answered(ask: Callable[[], Answer]) -> Answer:
    """Ask until an answer comes in time: the client's patience is short here, and a machine may be busy."""
    deadline_s = time.monotonic() + RESOLVE_S_MAX
    while True:
        try:
            return ask()
        except Retryable:
            if time.monotonic() > deadline_s:
                raise


@dataclass(frozen=True)
class World:
    """A simulator, a client of it, and its BTC market."""

    simulator: Simulator
    client: VenueClient
    instrument: Instrument

    def order(self, side: Side = Side.BUY, quantity: str = "0.01", *, at: str = "1.05") -> Order:
        """Return an order whose price is `at` times the market's for a buy, the inverse for a sell."""
        factor = Decimal(at) if side is Side.BUY else 2 - Decimal(at)
        return make_order(self.instrument, PRICE[self.simulator.venue.quote] * factor, side, quantity)

    def fault(self, kind: str, **facts: object) -> None:
        """Switch a fault on for placing orders."""
        self.simulator.fault(kind, endpoint=PLACE[self.simulator.venue], **facts)

    def result(self, order: Order) -> OrderReport:
        """Ask until the order is over."""
        for _ in range(100):
            report = answered(lambda: self.client.query(order))
            if report is not None and report.status in TERMINAL:
                return report
            time.sleep(0.02)
        raise AssertionError(f"{order.client_order_id} does not end")

    def resolve(self, order: Order, *, may_trade: bool = True) -> Resolution:
        """Resolve once."""
        return answered(lambda: self.client.resolve(order, may_trade=may_trade))

    def resolved(self, order: Order) -> Resolution:
        """Resolve until there is an answer."""
        deadline_s = time.monotonic() + RESOLVE_S_MAX
        while time.monotonic() < deadline_s:
            answer = self.resolve(order)
            if not isinstance(answer, NotFoundYet):
                return answer
            time.sleep(answer.retry_ms / 1000)
        return answer


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Venue, World]]:
    """The venues, with one client each: a fresh one would not know what was just asked."""
    with running(tmp_path_factory.mktemp("sim")) as simulators:
        yield {venue: make_world(simulator) for venue, simulator in simulators.items()}


def make_world(simulator: Simulator) -> World:
    client = simulator.client()
    return World(simulator, client, client.instruments([Coin("BTC")]).rules[0])


@pytest.fixture(params=list(Venue))
def world(request: pytest.FixtureRequest, worlds: dict[Venue, World]) -> Iterator[World]:
    yield worlds[request.param]
    worlds[request.param].simulator.admin("DELETE", "/sim/faults")


@pytest.fixture
def binance(worlds: dict[Venue, World]) -> Iterator[World]:
    yield worlds[Venue.BINANCE]
    worlds[Venue.BINANCE].simulator.admin("DELETE", "/sim/faults")


@pytest.fixture
def bithumb(worlds: dict[Venue, World]) -> Iterator[World]:
    yield worlds[Venue.BITHUMB]
    worlds[Venue.BITHUMB].simulator.admin("DELETE", "/sim/faults")


@pytest.fixture
def upbit(worlds: dict[Venue, World]) -> Iterator[World]:
    yield worlds[Venue.UPBIT]
    worlds[Venue.UPBIT].simulator.admin("DELETE", "/sim/faults")


def lose(world: World, order: Order) -> None:
    """Place an order of which no answer comes."""
    with pytest.raises(OutcomeUnknown):
        world.client.place(order)


def older(order: Order, by_ms: int) -> Order:
    """Return the order as if it had been claimed earlier, so that nobody has to wait."""
    return replace(order, claimed_at_ns=order.claimed_at_ns - by_ms * 1_000_000)


def executed(world: World, order: Order) -> Decimal:
    """Return what the venue says was executed, summed over everything under our id."""
    return sum(
        (Decimal(row["executed_quantity"]) for row in world.simulator.orders(order.client_order_id)),
        Decimal(0),
    )


@pytest.mark.parametrize("side", list(Side))
def test_marketable_order_fills_and_moves_the_balances_by_exactly_its_entries(world: World, side: Side):
    order = world.order(side, "0.12")
    before = world.client.balances()
    placed = world.client.place(order)
    report = world.result(order)
    assert placed.client_order_id == report.client_order_id == order.client_order_id
    assert report.status is OrderState.FILLED
    assert sum(fill.quantity for fill in report.fills) == order.quantity
    expected = dict(before)
    for fill in report.fills:
        for posting in fill_entry(order, fill).postings:
            if posting.account == venue_account(order.venue):
                expected[posting.asset] += posting.amount
    assert world.client.balances() == expected == world.simulator.balances()


class Taken(Exception):
    """What a caller says that keeps an order from going."""


def test_an_order_that_is_ready_goes_when_its_caller_says_so_and_not_before(world: World):
    order = world.order()
    asked = []

    def no() -> None:
        asked.append(world.simulator.orders(order.client_order_id))
        raise Taken

    with pytest.raises(Taken):
        world.client.place(order, no)
    assert asked == [[]]
    assert world.simulator.orders(order.client_order_id) == []
    world.client.place(order, lambda: asked.append(world.simulator.orders(order.client_order_id)))
    assert asked == [[], []]
    assert len(world.simulator.orders(order.client_order_id)) == 1


def test_fees_are_taken_in_the_asset_that_the_instrument_says(world: World):
    for side in Side:
        order = world.order(side)
        world.client.place(order)
        for fill in world.result(order).fills:
            asset, fee = world.instrument.fee(side, fill.quantity, fill.price)
            assert fill.fee_asset == asset
            assert ZERO <= fee - fill.fee < Decimal("1E-8")  # Binance cuts its commission to 8 decimals


def test_order_that_meets_no_price_ends_without_fills(world: World):
    order = world.order(at="0.95")
    world.client.place(order)
    report = world.result(order)
    assert report.status in (OrderState.EXPIRED, OrderState.CANCELED)
    assert report.fills == ()


def test_order_filled_in_part_is_over_and_has_its_fills(world: World):
    world.simulator.fault("partial_fill")
    order = world.order(quantity="0.2")
    world.client.place(order)
    report = world.result(order)
    assert report.status in (OrderState.EXPIRED, OrderState.CANCELED)
    assert sum((fill.quantity for fill in report.fills), ZERO) == executed(world, order) < order.quantity


@pytest.mark.parametrize("quantity", ["5", "0.00001"])
def test_order_without_funds_or_too_small_is_rejected_for_good(world: World, quantity: str):
    order = world.order(quantity=quantity)
    with pytest.raises(Rejected):
        world.client.place(order)
    assert answered(lambda: world.client.query(order)) is None
    assert executed(world, order) == 0


def test_unknown_order_is_none_and_its_cancel_is_no_error(world: World):
    order = world.order()
    assert answered(lambda: world.client.query(order)) is None
    world.client.cancel(order)


def test_cancel_of_an_order_that_is_over_is_no_error(world: World):
    order = world.order()
    world.client.place(order)
    world.result(order)
    world.client.cancel(order)


def test_no_order_rests(world: World):
    assert world.client.open_orders() == ()


def test_an_order_is_cancelled_by_what_a_list_says_of_it(world: World):
    world.client.cancel(listed_of(world.order()))


def listed_of(order: Order) -> ListedOrder:
    return ListedOrder(
        venue=order.venue,
        symbol=order.symbol,
        client_order_id=order.client_order_id,
        venue_order_id=VenueOrderId("1"),
        side=order.side,
        status=OrderState.ACCEPTED,
        executed=ZERO,
    )


@pytest.mark.parametrize("side", list(Side))
def test_recent_orders_have_what_was_executed_of_ours(world: World, side: Side):
    order = world.order(side)
    world.client.place(order)
    world.result(order)
    listed = {
        row.client_order_id: row for row in world.client.recent_orders(order.symbol, order.claimed_at_ns)
    }
    row = listed[order.client_order_id]
    assert row.is_ours
    assert (row.symbol, row.side, row.executed) == (order.symbol, side, order.quantity)


def test_recent_orders_leave_out_what_is_older(world: World):
    order = world.order()
    world.client.place(order)
    world.result(order)
    time.sleep(2.5)  # beyond what may be off: Upbit's stamps are of seconds, Binance's clock is 2 s wide
    listed = world.client.recent_orders(order.symbol, CLOCK.now_ns())
    assert order.client_order_id not in {row.client_order_id for row in listed}


def test_recent_orders_of_a_market_that_is_not_there_are_none_or_refused(world: World):
    with suppress(VenueError):
        symbol = Symbol(world.instrument.symbol.replace("BTC", "NONE"))
        assert world.client.recent_orders(symbol, CLOCK.now_ns()) == ()


def test_instruments_include_what_the_venue_has(world: World):
    instruments = {made.symbol: made for made in world.client.instruments([Coin("BTC")])}
    assert ("USDT/KRW" in instruments) is (world.simulator.venue.quote == "KRW")
    assert all(made.tradable and made.warning == "" for made in instruments.values())
    assert world.instrument.taker_fee_bps == FEES_BPS[world.simulator.venue]


def test_instruments_leave_out_what_the_venue_does_not_list(world: World):
    coins = [Coin(coin) for coin in ("NONE", "BTC", "NEITHER")]
    for client in (world.client, world.client, world.simulator.client()):
        assert "BTC" in {made.base for made in client.instruments(coins)} <= {"BTC", "USDT"}


@pytest.mark.parametrize(
    "price", [Decimal("0.001"), Decimal("0.0000000001")], ids=["beyond the unit", "beyond 8 decimals"]
)
def test_order_beside_the_price_unit_is_told_from_other_refusals(world: World, price: Decimal):
    order = world.order()
    with pytest.raises(AgainstRules):
        world.client.place(replace(order, limit_price=order.limit_price + price))
    assert world.simulator.orders(order.client_order_id) == []


@pytest.mark.parametrize("kind", ["accept_then_drop_reply", "error_5xx_accepted"])
def test_order_whose_reply_is_lost_is_found_and_exists_once(world: World, kind: str):
    world.fault(kind, count=1)
    order = world.order()
    lose(world, order)
    found = world.resolved(order)
    assert isinstance(found, OrderReport)
    report = world.result(order)
    assert sum(fill.quantity for fill in report.fills) == executed(world, order) == order.quantity
    assert len(world.simulator.orders(order.client_order_id)) == 1


def test_order_that_is_accepted_after_we_gave_up_is_found_and_exists_once(world: World):
    world.fault("slow_accept", count=1, delay_ms=700)
    order = world.order()
    lose(world, order)
    assert isinstance(world.resolved(order), OrderReport)
    assert world.result(order).status is OrderState.FILLED
    assert len(world.simulator.orders(order.client_order_id)) == 1


@pytest.mark.parametrize(
    ("venue", "delay_ms"),
    [(Venue.BINANCE, 300), (Venue.UPBIT, 300), (Venue.UPBIT, 1_600), (Venue.BITHUMB, 300)],
)
def test_order_that_executes_late_is_found_and_exists_once(
    worlds: dict[Venue, World], venue: Venue, delay_ms: int
):
    world = worlds[venue]
    world.fault("late_execution", count=1, delay_ms=delay_ms)
    order = world.order()
    lose(world, order)
    assert isinstance(world.resolved(order), OrderReport)
    assert world.result(order).status is OrderState.FILLED
    age_ms = (CLOCK.now_ns() - order.claimed_at_ns) // 1_000_000
    time.sleep(max(0, delay_ms + 200 - age_ms) / 1000)  # until the late one has come, if it does
    assert len(world.simulator.orders(order.client_order_id)) == 1
    assert executed(world, order) == order.quantity


def test_order_that_is_not_visible_yet_is_never_concluded_absent(world: World):
    world.fault("accept_then_drop_reply", count=1)
    order = world.order()
    world.simulator.fault("get_not_yet_visible", client_id=order.client_order_id, delay_ms=1_500)
    lose(world, order)
    assert isinstance(world.resolve(order), NotFoundYet)
    found = world.resolved(order)
    assert isinstance(found, OrderReport)
    assert len(world.simulator.orders(order.client_order_id)) == 1


@pytest.mark.parametrize(("kind", "status"), [("rate_limit_429", 429), ("ban_418", 418)])
def test_order_that_is_limited_is_not_placed_and_pauses(world: World, kind: str, status: int):
    world.fault(kind, count=1)
    order = world.order()
    with pytest.raises(RateLimited) as caught:
        world.simulator.client().place(order)  # its pause ends with it
    assert caught.value.retry_after_ms >= 1_000
    assert str(status) in caught.value.detail
    assert world.simulator.orders(order.client_order_id) == []


def test_late_order_is_not_sent(world: World):
    order = replace(world.order(), expires_at_ns=CLOCK.now_ns() - 1)
    with pytest.raises(Retryable):
        world.client.place(order)
    assert world.simulator.orders(order.client_order_id) == []


def test_faults_in_any_order_never_make_two_of_one(world: World):
    seed = 20_251_120
    rng, kinds = Random(seed), ("accept_then_drop_reply", "error_5xx_accepted", "error_5xx_not_accepted")
    for number in range(12):
        world.simulator.admin("DELETE", "/sim/faults")
        world.fault(rng.choice(kinds), count=1)
        order = world.order(rng.choice(list(Side)))
        lose(world, order)
        answer = world.resolve(older(order, 1_100))
        rows = world.simulator.orders(order.client_order_id)
        assert len(rows) <= 1, f"seed {seed}, order {number}"
        assert isinstance(answer, OrderReport) is (len(rows) == 1), f"seed {seed}, order {number}"


@pytest.mark.parametrize("kind", ["error_5xx_not_accepted", "drop_then_timeout"])
def test_binance_order_that_never_arrived_is_concluded_only_after_the_fence(binance: World, kind: str):
    binance.fault(kind, count=1, delay_ms=600)
    order = binance.order()
    lose(binance, order)
    assert isinstance(binance.resolve(order), NotFoundYet)
    time.sleep(RECV_WINDOW_MS / 1000)
    assert isinstance(binance.resolve(older(order, 14_000)), NeverPlaced)
    assert binance.simulator.orders(order.client_order_id) == []


def test_binance_refuses_what_a_paused_worker_sends_late(binance: World, monkeypatch: pytest.MonkeyPatch):
    order = binance.order()
    binance.client.time_offset_ms()
    time.sleep(RECV_WINDOW_MS / 1000 + 0.1)
    with pytest.raises(Retryable, match="signature too old"):
        binance.client.place(order)
    # The pause came after the client's last look at its clock: only the venue can tell.
    monkeypatch.setattr(binance.client, "_sending_time_left_ms", lambda _: 1_000)
    with pytest.raises(Retryable, match="-1021"):
        binance.client.place(order)
    assert binance.simulator.orders(order.client_order_id) == []


@pytest.mark.parametrize("skew_ms", [4_000, -4_000])
def test_binance_clock_that_moved_refuses_one_order_and_takes_the_next(binance: World, skew_ms: int):
    client = binance.simulator.client()
    client.time_offset_ms()
    binance.simulator.fault("clock_skew_ms", delay_ms=skew_ms)
    with pytest.raises(Retryable, match="-1021"):
        client.place(binance.order())
    assert client.place(binance.order()).status is OrderState.FILLED
    assert abs((client.time_offset_ms() or 0) - skew_ms) < 200


@pytest.mark.parametrize("kind", ["error_5xx_not_accepted", "drop_then_timeout"])
def test_upbit_order_that_never_arrived_is_sent_again_once(upbit: World, kind: str):
    upbit.fault(kind, count=1, delay_ms=600)
    order = upbit.order()
    lose(upbit, order)
    found = upbit.resolved(order)
    assert isinstance(found, OrderReport)
    assert upbit.result(order).status is OrderState.FILLED
    assert len(upbit.simulator.orders(order.client_order_id)) == 1


def test_upbit_takes_an_identifier_once(upbit: World):
    order = upbit.order()
    upbit.client.place(order)
    with pytest.raises(OutcomeUnknown):
        upbit.client.place(order)
    assert len(upbit.simulator.orders(order.client_order_id)) == 1


def test_upbit_identifier_that_a_refusal_burnt_is_concluded_absent(upbit: World):
    order = upbit.order(quantity="0.00001")
    with pytest.raises(VenueError):
        upbit.client.place(order)
    assert isinstance(upbit.resolve(order), NotFoundYet)
    assert isinstance(upbit.resolve(older(order, 11_000)), NeverPlaced)


@pytest.mark.parametrize("side", list(Side))
def test_upbit_identifier_is_spent_on_an_order_that_does_not_trade(upbit: World, side: Side):
    upbit.fault("drop_then_timeout", count=1, delay_ms=600)
    order = upbit.order(side)
    lose(upbit, order)
    before = upbit.client.balances()
    assert isinstance(upbit.resolve(older(order, 1_100), may_trade=False), OrderReport)
    report = upbit.result(order)
    assert (report.status, report.fills) == (OrderState.CANCELED, ())
    assert upbit.client.balances() == before
    lose(upbit, order)  # the first request comes late, and is the duplicate
    assert len(upbit.simulator.orders(order.client_order_id)) == 1
    assert executed(upbit, order) == 0


def test_upbit_order_that_arrived_is_found_though_it_may_not_trade(upbit: World):
    upbit.fault("slow_accept", count=1, delay_ms=900)
    order = upbit.order(Side.BUY)
    lose(upbit, order)
    while isinstance(upbit.resolve(older(order, 1_100), may_trade=False), NotFoundYet):
        time.sleep(0.05)
    assert len(upbit.simulator.orders(order.client_order_id)) == 1


def test_a_book_is_there_without_a_stream(world: World):
    book = world.client.book(world.instrument.symbol)
    assert (book.venue, book.symbol) == (world.simulator.venue, world.instrument.symbol)
    assert len(book.bids) > 1
    assert len(book.asks) > 1


def test_every_coin_that_is_listed_is_told_with_what_was_traded_of_it(world: World) -> None:
    found = world.client.turnovers()
    assert "BTC" in found
    assert all(amount is not None and amount >= 0 for amount in found.values())


def test_an_order_that_was_got_ready_leaves_when_it_is_sent_and_not_before(world: World):
    order = world.order()
    world.client.time_offset_ms()
    send = world.client.ready(order)
    assert send is not None
    assert answered(lambda: world.client.query(order)) is None
    before = list[OrderReport | None]()
    report = send(lambda: before.append(answered(lambda: world.client.query(order))))
    assert before == [None]
    assert report.client_order_id == order.client_order_id
    assert world.result(order).status in TERMINAL


def test_what_is_kept_from_leaving_was_never_placed(world: World):
    order = world.order()
    world.client.time_offset_ms()
    send = world.client.ready(order)
    assert send is not None

    def stop() -> None:
        raise Retryable(order.venue, "stopped")

    with pytest.raises(Retryable, match="stopped"):
        send(stop)
    assert answered(lambda: world.client.query(order)) is None


def test_an_order_whose_lifetime_is_over_is_not_got_ready(world: World):
    order = replace(world.order(), expires_at_ns=CLOCK.now_ns() - 1)
    world.client.time_offset_ms()
    with pytest.raises(Retryable, match="lifetime"):
        world.client.ready(order)
