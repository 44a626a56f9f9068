"""What streams say of our orders, in any order, with any loss, and mixed with what a query says."""

from collections import Counter
from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arb.adapters.broker.dispatch import MemoryDispatcher
from arb.adapters.local.clock import ManualClock
from arb.domain.errors import DispatchError, StoreUnavailable
from arb.domain.health.alert import Alert
from arb.domain.market.ids import ClientOrderId, Venue
from arb.domain.market.money import ZERO
from arb.domain.risk.review import Approved
from arb.domain.trading.order import Fill, Order, OrderReport, OrderState
from arb.engine.trading.at_end import SettleByMessage
from arb.engine.trading.fills import CatchUp, HeldBack, RecordReport, StreamedReport
from arb.venues.reply import proven_status
from tests.contracts import world
from tests.contracts.backends import Stores, memory_stores
from tests.domain.markets import PAIR

RESOLVE, SETTLE = "arb.resolve_order", "arb.settle_trade"


class Counts:
    """The Counters port in memory."""

    def __init__(self) -> None:
        self.found: Counter[str] = Counter()

    def count(self, name: str, reason: str, amount: int = 1) -> None:
        self.found[reason] += amount


@dataclass
class Alarms:
    """The AlertSink port in memory."""

    raised: list[Alert] = field(default_factory=list)

    def raise_alert(self, alert: Alert) -> None:
        self.raised.append(alert)

    def kinds(self) -> list[str]:
        return [alert.kind for alert in self.raised]


class Desk:
    """One order at a venue, and everything that a stream's events can move."""

    def __init__(self, venue: Venue = Venue.BINANCE, *, claimed: bool = True) -> None:
        self.stores: Stores = memory_stores()
        self.session = world.session()
        self.stores.sessions.create(self.session)
        for entry in world.openings(self.session.session_id):
            self.stores.trades.book_entry(self.session.session_id, entry, world.NOW_NS)
        opening = world.opening(self.session.session_id)
        verdict = self.stores.trades.open_trade(opening.proposal, opening.orders, world.LIMITS, world.NOW_NS)
        assert isinstance(verdict, Approved)
        self.intent = opening.on(venue)
        self.dispatcher, self.counts, self.alarms = MemoryDispatcher(), Counts(), Alarms()
        self.clock = ManualClock(world.NOW_NS + 1)
        if claimed:
            self.stores.trades.claim(self.intent.client_order_id, self.clock.now_ns())
        self.record = RecordReport(
            trades=self.stores.trades,
            dispatcher=self.dispatcher,
            counters=self.counts,
            alerts=self.alarms,
            clock=self.clock,
            ended=SettleByMessage(self.dispatcher),
        )
        self.catch_up = CatchUp(
            session_id=self.session.session_id,
            trades=self.stores.trades,
            dispatcher=self.dispatcher,
            counters=self.counts,
        )

    @property
    def order(self) -> Order:
        order = self.stores.trades.order(self.intent.client_order_id)
        assert order is not None
        return order

    def hear(self, status: OrderState, *fills: Fill, executed: str | Decimal = "0", reason: str = "") -> None:
        report = world.report(self.intent, status, *fills, reason=reason)
        self.record.run(StreamedReport(venue=self.intent.venue, report=report, executed=Decimal(executed)))

    def sent(self) -> list[tuple[str, str]]:
        return [(task, args[0]) for task, args, _ in self.dispatcher.take()]

    def asks(self) -> bool:
        return (RESOLVE, self.intent.client_order_id) in self.sent()


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_trade_is_booked_and_the_whole_quantity_settles_the_trade(desk):
    half = Decimal("0.005")
    desk.hear(OrderState.PARTIALLY_FILLED, world.fill(desk.intent, half), executed=half)
    assert desk.order.state is OrderState.PARTIALLY_FILLED
    assert desk.sent() == []
    desk.hear(OrderState.FILLED, world.fill(desk.intent, half), executed=2 * half)
    assert desk.order.state is OrderState.FILLED
    assert desk.sent() == [(SETTLE, desk.intent.trade_id)]


def test_a_trade_delivered_twice_is_booked_once(desk):
    fill = world.fill(desk.intent)
    for _ in range(2):
        desk.hear(OrderState.FILLED, fill, executed=desk.intent.quantity)
    assert desk.order.fills == (fill,)


def test_a_trade_that_a_query_brought_before_is_booked_once(desk):
    fill = world.fill(desk.intent)
    desk.stores.trades.record(world.report(desk.intent, OrderState.FILLED, fill), desk.clock.now_ns())
    before = desk.stores.trades.balances(desk.session.session_id)
    desk.hear(OrderState.FILLED, fill, executed=desk.intent.quantity)
    assert desk.stores.trades.balances(desk.session.session_id) == before


@pytest.mark.parametrize("status", [OrderState.CANCELED, OrderState.EXPIRED, OrderState.REJECTED])
def test_an_end_whose_fills_were_missed_is_not_believed_but_asked_about(desk, status):
    desk.hear(status, executed="0.004", reason="UNFILLED_IOC_QUANTITY_EXPIRED")
    assert desk.order.state is OrderState.ACCEPTED
    assert desk.order.reason == ""
    assert desk.asks()


def test_an_end_that_overtook_its_last_trade_keeps_the_order_working(desk):
    desk.hear(OrderState.PARTIALLY_FILLED, world.fill(desk.intent, "0.003"), executed="0.003")
    desk.hear(OrderState.CANCELED, executed="0.007")
    assert desk.order.state is OrderState.PARTIALLY_FILLED
    assert desk.asks()


@pytest.mark.parametrize("status", [OrderState.CANCELED, OrderState.EXPIRED])
def test_an_end_is_believed_once_its_fills_are_known(desk, status):
    desk.hear(OrderState.PARTIALLY_FILLED, world.fill(desk.intent, "0.004"), executed="0.004")
    desk.hear(status, executed="0.004", reason="client")
    assert (desk.order.state, desk.order.reason) == (status, "client")
    assert desk.sent() == [(SETTLE, desk.intent.trade_id)]


def test_an_end_without_any_fill_is_believed(desk):
    desk.hear(OrderState.EXPIRED, executed="0")
    assert desk.order.state is OrderState.EXPIRED
    assert desk.sent() == [(SETTLE, desk.intent.trade_id)]


def test_done_without_its_trades_waits_for_them_and_asks(desk):
    desk.hear(OrderState.FILLED, executed=desk.intent.quantity)
    assert desk.order.state is OrderState.ACCEPTED
    assert desk.asks()


def test_a_trade_that_shows_an_earlier_one_was_missed_asks(desk):
    desk.hear(OrderState.PARTIALLY_FILLED, world.fill(desk.intent, "0.002"), executed="0.006")
    assert desk.asks()


def test_an_event_moves_an_unknown_order_on(desk):
    desk.stores.trades.lose(desk.intent.client_order_id, desk.order.fence, "timeout", desk.clock.now_ns())
    desk.hear(OrderState.ACCEPTED)
    assert desk.order.state is OrderState.ACCEPTED


def test_a_late_fill_after_a_cancel_is_booked_and_the_trade_settled_again(desk):
    desk.hear(OrderState.CANCELED)
    desk.sent()
    desk.hear(OrderState.PARTIALLY_FILLED, world.fill(desk.intent, "0.004"), executed="0.004")
    assert (desk.order.state, desk.order.filled_quantity) == (OrderState.CANCELED, Decimal("0.004"))
    assert desk.sent() == [(SETTLE, desk.intent.trade_id)]


def test_an_end_that_was_known_is_settled_once(desk):
    desk.hear(OrderState.FILLED, world.fill(desk.intent), executed=desk.intent.quantity)
    desk.sent()
    desk.hear(OrderState.FILLED, *desk.order.fills, executed=desk.intent.quantity)
    desk.hear(OrderState.PARTIALLY_FILLED, *desk.order.fills, executed=desk.intent.quantity)
    assert desk.sent() == []


def test_missing_fills_of_an_order_that_ended_alarm_since_nobody_asks_about_it(desk):
    desk.hear(OrderState.CANCELED)
    desk.hear(OrderState.PARTIALLY_FILLED, world.fill(desk.intent, "0.002"), executed="0.006")
    assert desk.alarms.kinds() == ["fills_missing"]


@pytest.mark.parametrize("client_id", ["", "web_1234", "a1-abcdefghijklm-u1"])
def test_an_order_of_somebody_else_is_reported_and_not_recorded(desk, client_id):
    """The last of them has our form, but is no id of this venue."""
    report = replace(world.filled(desk.intent), client_order_id=ClientOrderId(client_id))
    event = StreamedReport(venue=Venue.BINANCE, report=report, executed=desk.intent.quantity)
    assert desk.record.run(event) is None
    assert desk.alarms.kinds() == ["external_order"]
    assert desk.counts.found == {"binance_external_order": 1}
    assert desk.sent() == []


def test_an_order_of_ours_without_an_intent_alarms(desk):
    report = replace(world.filled(desk.intent), client_order_id=world.nobody())
    event = StreamedReport(venue=Venue.UPBIT, report=report, executed=desk.intent.quantity)
    assert desk.record.run(event) is None
    assert desk.alarms.kinds() == ["order_without_intent"]


def test_an_order_that_nobody_sent_is_recorded_alarmed_and_never_sent_again():
    desk = Desk(claimed=False)
    desk.hear(OrderState.ACCEPTED)
    assert desk.order.state is OrderState.ACCEPTED
    assert desk.stores.trades.claim(desk.intent.client_order_id, desk.clock.now_ns()) is None
    assert desk.alarms.kinds() == ["order_contradiction"]


def test_an_order_that_was_proven_absent_is_booked_and_alarmed(desk):
    client_order_id, now_ns = desk.intent.client_order_id, desk.clock.now_ns()
    desk.stores.trades.lose(client_order_id, desk.order.fence, "timeout", now_ns)
    desk.stores.trades.absent(client_order_id, "fence", now_ns)
    fill = world.fill(desk.intent)
    desk.hear(OrderState.FILLED, fill, executed=desk.intent.quantity)
    assert (desk.order.state, desk.order.fills) == (OrderState.FILLED, (fill,))
    assert desk.alarms.kinds() == ["order_contradiction"]
    assert desk.sent() == [(SETTLE, desk.intent.trade_id)]


def test_a_fill_of_a_rejected_order_alarms_and_the_stream_goes_on(desk):
    desk.stores.trades.record(world.report(desk.intent, OrderState.REJECTED), desk.clock.now_ns())
    desk.hear(OrderState.PARTIALLY_FILLED, world.fill(desk.intent, "0.004"), executed="0.004")
    assert desk.alarms.kinds() == ["order_contradiction"]
    assert desk.order.state is OrderState.REJECTED


class AwayStore:
    """A trade store that cannot be reached."""

    def order(self, client_order_id: ClientOrderId) -> Order | None:
        raise StoreUnavailable("postgres")

    def live(self, session_id: str) -> tuple[Order, ...]:
        raise StoreUnavailable("postgres")


class DeafDispatcher:
    """Neither broker takes anything."""

    def send(self, task: str, *args: object, countdown_ms: int = 0, expires_ms: int = 0) -> None:
        raise DispatchError(task)


def test_an_event_that_cannot_be_stored_is_asked_about(desk):
    desk.record = replace(desk.record, trades=AwayStore())
    desk.hear(OrderState.FILLED, world.fill(desk.intent), executed=desk.intent.quantity)
    assert desk.sent() == [(RESOLVE, desk.intent.client_order_id)]


def test_an_event_that_can_be_neither_stored_nor_asked_about_is_counted(desk):
    desk.record = replace(desk.record, trades=AwayStore(), dispatcher=DeafDispatcher())
    desk.hear(OrderState.FILLED, world.fill(desk.intent), executed=desk.intent.quantity)
    assert desk.counts.found == {"binance_store_unavailable": 1, RESOLVE: 1}


def test_a_settlement_that_cannot_be_dispatched_does_not_undo_the_fill(desk):
    desk.record = replace(desk.record, dispatcher=DeafDispatcher())
    desk.hear(OrderState.FILLED, world.fill(desk.intent), executed=desk.intent.quantity)
    assert desk.order.state is OrderState.FILLED


def test_catching_up_asks_about_what_is_at_this_venue_only(desk):
    assert desk.catch_up.run(Venue.BINANCE) == 1
    assert desk.sent() == [(RESOLVE, desk.intent.client_order_id)]
    assert desk.catch_up.run(Venue.UPBIT) == 0, "that leg is an intent: nobody sent it"


@pytest.mark.parametrize("away", [{"trades": AwayStore()}, {"dispatcher": DeafDispatcher()}])
def test_catching_up_leaves_to_a_sweep_what_it_cannot_ask(desk, away):
    replace(desk.catch_up, **away).run(Venue.BINANCE)
    assert any(reason.startswith("binance_") for reason in desk.counts.found)


@dataclass(frozen=True)
class Said:
    """One thing the venue said: an event of its stream, or the answer to a query."""

    status: OrderState
    fills: tuple[Fill, ...]
    executed: Decimal
    by_query: bool = False

    def report(self, order: Order) -> OrderReport:
        return world.report(order, self.status, *self.fills)


@dataclass(frozen=True)
class Story:
    """What really happened to an order at its venue."""

    fills: tuple[Fill, ...]
    end: OrderState
    venue: Venue

    def events(self) -> list[Said]:
        """Return the stream's events. Binance's last trade says FILLED, Upbit's is followed by `done`."""
        told = [Said(OrderState.ACCEPTED, (), ZERO)]
        executed = ZERO
        for number, fill in enumerate(self.fills, start=1):
            executed += fill.quantity
            is_last = (
                number == len(self.fills) and self.end is OrderState.FILLED and self.venue is Venue.BINANCE
            )
            told.append(
                Said(OrderState.FILLED if is_last else OrderState.PARTIALLY_FILLED, (fill,), executed)
            )
        if self.end is not OrderState.FILLED or self.venue is Venue.UPBIT:
            told.append(Said(self.end, (), executed))
        return told

    def answers(self) -> list[Said]:
        """Return what a query may be told: at each moment, and with the list of fills behind or not."""
        executed = sum((fill.quantity for fill in self.fills), ZERO)
        working = [self._answer(OrderState.ACCEPTED, number, ZERO) for number in range(len(self.fills) + 1)]
        return working + [self._answer(self.end, number, executed) for number in range(len(self.fills) + 1)]

    def _answer(self, status: OrderState, number: int, executed: Decimal) -> Said:
        fills = self.fills[:number]
        return Said(proven_status(status, executed, fills), fills, executed, by_query=True)


@st.composite
def stories(draw: st.DrawFn, venue: Venue, order: Order) -> Story:
    shares = draw(st.lists(st.integers(1, 9), max_size=4))
    end = draw(st.sampled_from([OrderState.FILLED, OrderState.CANCELED, OrderState.EXPIRED]))
    left = draw(st.integers(1, 9)) if end is not OrderState.FILLED else 0
    shares = shares or ([1] if end is OrderState.FILLED else [])
    unit = order.quantity / Decimal(sum(shares) + left) if shares else ZERO
    amounts = [(share * unit).quantize(Decimal("1e-8")) for share in shares]
    if end is OrderState.FILLED:
        amounts[-1] = order.quantity - sum(amounts[:-1], ZERO)
    return Story(tuple(world.fill(order, amount) for amount in amounts), end, venue)


def tell(desk: Desk, said: Said) -> None:
    if said.by_query:
        desk.stores.trades.record(said.report(desk.intent), desk.clock.now_ns())
    else:
        desk.hear(said.status, *said.fills, executed=said.executed)


def check_end(desk: Desk, story: Story) -> None:
    """Answer what was asked; then the order is as the venue has it, and every fill booked once."""
    if not desk.order.is_terminal:
        assert desk.asks(), "the order is not over, and nobody will ask"
        tell(desk, story.answers()[-1])
    expected = tuple(sorted(story.fills, key=lambda fill: fill.ts_event_ns))
    assert (desk.order.state, desk.order.fills) == (story.end, expected)
    base = desk.stores.trades.balances(desk.session.session_id)[story.venue, "BTC"]
    moved = sum((fill.quantity for fill in story.fills), ZERO) * desk.intent.side.sign
    fees = sum((fill.fee for fill in story.fills if fill.fee_asset == "BTC"), ZERO)
    assert base == world.FUNDS[story.venue]["BTC"] + moved - fees
    assert desk.alarms.raised == []


@settings(deadline=None)
@given(st.data(), st.sampled_from(PAIR.venues))
def test_the_events_of_an_order_in_any_order_end_the_same(data, venue):
    desk = Desk(venue)
    story = data.draw(stories(venue, desk.intent))
    for said in data.draw(st.permutations(story.events())):
        tell(desk, said)
    check_end(desk, story)


@settings(deadline=None)
@given(st.data(), st.sampled_from(PAIR.venues), st.booleans())
def test_lost_and_repeated_events_mixed_with_queries_end_the_same(data, venue, lost_before):
    """Whatever is lost for good, the catch-up after the next connect finds."""
    desk = Desk(venue)
    if lost_before:
        desk.stores.trades.lose(desk.intent.client_order_id, desk.order.fence, "timeout", desk.clock.now_ns())
    story = data.draw(stories(venue, desk.intent))
    heard = st.sampled_from(story.events()) | st.sampled_from(story.answers())
    for said in data.draw(st.lists(heard, max_size=12)):
        tell(desk, said)
    desk.catch_up.run(venue)
    check_end(desk, story)


class Unwritable:
    """A store that may be read only."""

    def __init__(self, trades) -> None:
        self._trades = trades

    def record(self, *given):
        raise AssertionError(f"written: {given}")

    def __getattr__(self, name):
        return getattr(self._trades, name)


def test_what_is_booked_already_opens_no_transaction(desk):
    whole = desk.intent.quantity
    fill = world.fill(desk.intent, whole)
    desk.hear(OrderState.FILLED, fill, executed=whole)
    before = desk.order
    desk.record = replace(desk.record, trades=Unwritable(desk.stores.trades))
    desk.hear(OrderState.ACCEPTED)
    desk.hear(OrderState.FILLED, fill, executed=whole)
    assert desk.order == before
    assert desk.counts.found["binance_known"] == 2


# what tells nothing new costs nothing


class Asked:
    """A store that counts what it is asked."""

    def __init__(self, store):
        self._store, self.calls = store, []

    def __getattr__(self, name):
        def call(*args, **kwargs):
            self.calls.append(name)
            return getattr(self._store, name)(*args, **kwargs)

        return call


@pytest.fixture
def asked(desk) -> Asked:
    found = Asked(desk.stores.trades)
    desk.record = replace(desk.record, trades=found)
    return found


def test_an_event_that_says_no_more_than_the_last_one_asks_the_store_nothing(desk, asked):
    fill = world.fill(desk.intent)
    desk.hear(OrderState.FILLED, fill, executed=desk.intent.quantity)
    asked.calls.clear()
    for _ in range(3):
        desk.hear(OrderState.FILLED, fill, executed=desk.intent.quantity)
        desk.hear(OrderState.FILLED, executed=desk.intent.quantity)
    assert asked.calls == []
    assert desk.counts.found["binance_known"] == 6


def test_an_event_with_a_fill_that_nobody_heard_of_is_read_and_recorded(desk, asked):
    half = Decimal("0.005")
    desk.hear(OrderState.PARTIALLY_FILLED, world.fill(desk.intent, half), executed=half)
    asked.calls.clear()
    desk.hear(OrderState.FILLED, world.fill(desk.intent, half), executed=2 * half)
    assert asked.calls == ["order", "record"]
    assert desk.order.state is OrderState.FILLED


def test_what_others_booked_meanwhile_is_read_before_anything_is_asked_for(desk, asked):
    desk.hear(OrderState.ACCEPTED)
    fill = world.fill(desk.intent)
    desk.stores.trades.record(world.report(desk.intent, OrderState.FILLED, fill), desk.clock.now_ns())
    desk.hear(OrderState.FILLED, executed=desk.intent.quantity)
    assert not desk.asks()


def test_a_fill_under_another_name_halts_however_often_it_is_told(desk, asked):
    desk.hear(OrderState.FILLED, world.fill(desk.intent), executed=desk.intent.quantity)
    for _ in range(2):
        desk.alarms.raised.clear()
        desk.hear(OrderState.FILLED, world.fill(desk.intent), executed=desk.intent.quantity)
        assert desk.alarms.kinds() == ["order_overfilled"]


# what is only accepted is held back for a moment


@pytest.fixture
def soon(desk, asked) -> list[None]:
    wanted: list[None] = []
    desk.record = replace(desk.record, held=HeldBack(lambda: wanted.append(None)))
    return wanted


def test_an_acceptance_is_recorded_in_a_moment(desk, asked, soon):
    desk.hear(OrderState.ACCEPTED)
    assert (asked.calls, len(soon)) == ([], 1)
    desk.record.flush()
    assert desk.order.state is OrderState.ACCEPTED
    asked.calls.clear()
    desk.record.flush()
    assert asked.calls == []


def test_an_acceptance_that_is_followed_by_more_is_never_asked_about(desk, asked, soon):
    desk.hear(OrderState.ACCEPTED)
    desk.hear(OrderState.FILLED, world.fill(desk.intent), executed=desk.intent.quantity)
    desk.record.flush()
    assert asked.calls == ["order", "record"]
    assert desk.order.state is OrderState.FILLED


def test_an_acceptance_that_comes_after_the_end_changes_nothing(desk, asked, soon):
    desk.hear(OrderState.FILLED, world.fill(desk.intent), executed=desk.intent.quantity)
    ended = desk.order
    desk.hear(OrderState.ACCEPTED)
    desk.record.flush()
    assert desk.order == ended


def test_an_acceptance_of_what_was_executed_is_not_held_back(desk, asked, soon):
    desk.hear(OrderState.ACCEPTED, executed="0.005")
    assert desk.asks()


def test_an_acceptance_of_nobodys_order_is_alarmed_in_a_moment(desk, soon):
    stranger = replace(
        world.report(desk.intent, OrderState.ACCEPTED), client_order_id=ClientOrderId("theirs")
    )
    desk.record.run(StreamedReport(venue=Venue.BINANCE, report=stranger, executed=Decimal(0)))
    desk.record.flush()
    assert desk.alarms.kinds() == ["external_order"]
