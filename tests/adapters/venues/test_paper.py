"""What paper orders are filled from."""

from dataclasses import replace

from arb.adapters.local.clock import ManualClock
from arb.adapters.memory.quotes import MemoryQuoteStore
from arb.adapters.venues.paper import PaperVenue
from arb.domain.market.ids import Venue
from tests.engine.books import BTC_KRW, a_book
from tests.engine.town import LIMITS


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
