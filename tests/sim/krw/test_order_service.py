"""The service without a server: time is set by hand, and what is due later is done when told."""

from decimal import Decimal

import pytest

from arb.adapters.local.clock import ManualClock
from arb.domain.market.ids import Venue
from arb.sim.core.book import SimulatedBook, SimulatedLevel
from arb.sim.core.config import SimConfig
from arb.sim.core.context import make_context
from arb.sim.core.exchange import Exchange
from arb.sim.krw.errors import KrwRejection
from arb.sim.krw.forms import OrderForm
from arb.sim.krw.order_service import OrderService
from arb.sim.krw.public_tape import PublicTape
from arb.sim.upbit.app import venue_rules
from arb.sim.upbit.house import UPBIT

EPOCH_NS = 1_700_000_000_000_000_000


def book(bid, ask):
    return SimulatedBook(
        bids=(SimulatedLevel(Decimal(bid), Decimal(1)),),
        asks=(SimulatedLevel(Decimal(ask), Decimal(1)), SimulatedLevel(Decimal(ask) + 1000, Decimal(1))),
    )


class Floor:
    """A service, its engine, and the work that is due later."""

    def __init__(self):
        balances = {Venue.UPBIT: {"KRW": Decimal(1_000_000), "BTC": Decimal(1)}}
        config = SimConfig(seed=1, epoch_ns=EPOCH_NS, balances=balances)
        self.clock = ManualClock(EPOCH_NS)
        context = make_context(Venue.UPBIT, config, self.clock, None)
        self.exchange = Exchange(venue_rules(context), context.journal, self.clock, balances[Venue.UPBIT])
        self.due, self.told = [], []
        self.service = OrderService(
            context, UPBIT, self.exchange, lambda delay_ns, action: self.due.append((delay_ns, action))
        )
        self.service.subscribe(lambda update: self.told.append(update.state))
        self.exchange.put_books({"BTC": book(1_000_000, 1_001_000)})

    def later(self, delay_ns, action):
        self.due.append((delay_ns, action))

    def place(self, price, volume, side="bid", time_in_force=None):
        form = OrderForm(
            market="KRW-BTC",
            side=side,
            ord_type="limit",
            price=Decimal(price),
            volume=Decimal(volume),
            time_in_force=time_in_force,
            identifier=None,
            smp_type="cancel_maker",
        )
        view = self.service.place(form, Decimal(0))
        return self.exchange.orders[view.uuid]

    def pass_time(self):
        due, self.due = self.due, []
        for _, action in sorted(due, key=lambda item: item[0]):
            action()

    def state(self, order):
        return self.service.view(order).state


@pytest.fixture
def floor():
    return Floor()


def test_match_shows_only_later(floor):
    order = floor.place(1_001_000, "0.1")
    view = floor.service.view(order)
    assert (view.state, view.trades, view.locked) == ("wait", (), Decimal("100150.05"))
    assert (floor.told, floor.service.seen_open()) == (["wait"], [order])
    floor.pass_time()
    assert (floor.state(order), floor.told) == ("done", ["wait", "trade", "done"])
    assert floor.service.seen_open() == []


def test_fill_can_beat_a_cancel(floor):
    order = floor.place(900_000, "0.1")
    floor.pass_time()
    assert floor.service.cancel(order).state == "wait"
    floor.exchange.put_books({"BTC": book(880_000, 890_000)})
    floor.exchange.match_resting(["BTC"])
    floor.pass_time()
    assert floor.told == ["wait", "trade", "done"]
    assert floor.service.view(order).trades[0].maker


def test_cancel_is_told_after_what_came_before_it(floor):
    order = floor.place(1_000_000, "0.1")
    floor.service.cancel(order)
    floor.pass_time()
    assert floor.told == ["wait", "cancel"]


def test_refused_order_changes_nothing(floor):
    with pytest.raises(KrwRejection, match="insufficient_funds_bid"):
        floor.place(1_000_000, "1")
    assert (floor.told, floor.due, dict(floor.exchange.orders)) == ([], [], {})
    assert floor.exchange.balance("KRW").locked == 0


def test_trades_of_a_step_depend_on_nothing_but_seed_and_step():
    def run():
        tape = PublicTape(3, Venue.UPBIT)
        books = {"KRW-BTC": book(1_000_000, 1_001_000), "KRW-USDT": book(1_400, 1_401)}
        return [tape.advance(step, EPOCH_NS + step, books) for step in range(50)]

    steps = run()
    assert steps == run()
    assert 10 < sum(map(len, steps)) < 60
    numbers = [trade.sequence for step in steps for _, trade in step]
    assert numbers == sorted(set(numbers))
