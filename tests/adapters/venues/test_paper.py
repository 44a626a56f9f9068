"""What paper orders are filled from."""

from dataclasses import replace
from decimal import Decimal

from arb.adapters.local.clock import ManualClock
from arb.adapters.memory.quotes import MemoryQuoteStore
from arb.adapters.venues.paper import PaperVenue
from arb.domain.market.book import Level
from arb.domain.market.ids import Venue
from arb.domain.trading.order import OrderState
from tests.contracts import world
from tests.domain.markets import UPBIT
from tests.engine.books import BTC_KRW, a_book
from tests.engine.testbed import LIMITS


def test_an_order_is_not_filled_from_a_book_that_is_stamped_ahead():
    clock = ManualClock()
    quotes, real = MemoryQuoteStore(clock), a_book(bid="200", ts_recv_ns=0)
    quotes.put([replace(real, ts_recv_ns=clock.now_ns())], [])

    class Rules:
        def book(self, symbol):
            return real

    venue = PaperVenue(
        venue=Venue.UPBIT, rules=Rules(), quotes=quotes, clock=clock, read_balances=dict,
        quote_age_ns_max=LIMITS.quote_age_ns_max,
    )  # fmt: skip
    assert venue._book(BTC_KRW[1]) is not real
    clock.set_back_ms(60_000)
    assert venue._book(BTC_KRW[1]) is real


class Paper:
    """A paper venue whose books change while an order is on its way."""

    def __init__(self, latency_ms: int = 0) -> None:
        self.clock = ManualClock()
        self.quotes = MemoryQuoteStore(self.clock)
        self.venue = PaperVenue(
            venue=Venue.UPBIT, rules=None, quotes=self.quotes, clock=self.clock, read_balances=dict,
            quote_age_ns_max=LIMITS.quote_age_ns_max, latency_ms=latency_ms, known={UPBIT.symbol: UPBIT},
        )  # fmt: skip

    def show(self, *bids, sequence=1):
        now_ns = self.clock.now_ns()
        book = a_book(sequence=sequence, ts_recv_ns=now_ns)
        levels = tuple(Level(Decimal(price), Decimal(quantity)) for price, quantity in bids)
        asks = (Level(levels[0].price + 1, Decimal(1)),)
        self.quotes.put([replace(book, bids=levels, asks=asks)], [])

    def sell(self, quantity, limit="90"):
        order = replace(
            world.opening("s").on(Venue.UPBIT), symbol=BTC_KRW[1], quantity=Decimal(quantity),
            limit_price=Decimal(limit),
        )  # fmt: skip
        assert order.side.sign < 0
        report = self.venue.place(order)
        return report.status, [(str(fill.price), str(fill.quantity)) for fill in report.fills]


def test_an_order_takes_the_depth_it_needs_and_leaves_the_rest_of_itself():
    paper = Paper()
    paper.show(("100", "1"), ("95", "2"), ("80", "5"))
    assert paper.sell("2") == (OrderState.FILLED, [("100", "1"), ("95", "1")])
    paper.show(("100", "1"), ("95", "2"), ("80", "5"), sequence=2)
    assert paper.sell("5") == (OrderState.EXPIRED, [("100", "1"), ("95", "2")])


def test_what_was_taken_of_a_book_is_gone_until_the_next_one():
    paper = Paper()
    paper.show(("100", "1"), ("95", "2"))
    assert paper.sell("2")[1] == [("100", "1"), ("95", "1")]
    assert paper.sell("2") == (OrderState.EXPIRED, [("95", "1")])
    assert paper.sell("1") == (OrderState.EXPIRED, [])
    paper.show(("100", "1"), ("95", "2"), sequence=2)
    assert paper.sell("1") == (OrderState.FILLED, [("100", "1")])


def test_an_order_meets_the_book_of_when_it_gets_there():
    paper = Paper(latency_ms=150)
    paper.show(("100", "1"))
    usual, before_ns = paper.clock.sleep_ms, paper.clock.now_ns()

    def moves(duration_ms):
        usual(duration_ms)
        paper.show(("97", "1"), sequence=2)

    paper.clock.sleep_ms = moves
    assert paper.sell("1") == (OrderState.FILLED, [("97", "1")])
    assert paper.clock.now_ns() - before_ns == 150 * 1_000_000
    assert paper.sell("1", limit="98") == (OrderState.EXPIRED, [])
