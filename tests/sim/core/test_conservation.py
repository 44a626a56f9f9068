"""Nothing is made or lost: whatever is done to the engine, every asset adds up to the last unit."""

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arb.sim.core.exchange import OrderRejection
from arb.sim.core.journal import Recorded
from arb.sim.core.orders import ZERO
from arb.sim.core.records import VenueRecords
from tests.sim.core.worlds import BALANCES, book, exchange, order, quote_fees, rules, show

prices = st.integers(900, 1100).map(lambda tenths: str(Decimal(tenths) / 10))
quantities = st.integers(1, 4_000).map(lambda lots: str(Decimal(lots) / 1000))
times = st.sampled_from(["GTC", "IOC", "FOK", "POST_ONLY"])
sides = st.sampled_from(["BUY", "SELL"])
limits = st.builds(order, sides, prices, quantities, times)
markets = st.builds(order, sides, st.none(), quantities, st.just("IOC"))
quotes = st.builds(lambda way, quote: order(way, quote=quote, tif="IOC"), sides, quantities)
books = st.builds(
    lambda mid, gap, size: book(
        bids=[(str(mid - gap), size), (str(mid - gap - 1), size)],
        asks=[(str(mid + gap), size), (str(mid + gap + 1), size)],
    ),
    st.integers(92, 108),
    st.integers(1, 3),
    quantities,
)
cancels = st.integers(0, 5)
actions = st.lists(st.one_of(limits, markets, quotes, books, cancels), max_size=25)


def act(engine, action):
    if isinstance(action, int):
        open_orders = engine.open_orders()
        if action < len(open_orders):
            engine.cancel(open_orders[action])
    elif hasattr(action, "bids"):
        show(engine, action)
    else:
        with contextlib.suppress(OrderRejection):
            engine.place(action)


@pytest.mark.parametrize("venue_rules", [rules(), quote_fees()], ids=["received-asset", "quote"])
@settings(max_examples=60, deadline=None)
@given(actions)
def test_every_asset_is_conserved_and_holds_match_open_orders(venue_rules, actions):
    engine = exchange(venue_rules=venue_rules)
    for action in actions:
        act(engine, action)
        for asset, opened in BALANCES.items():
            assert engine.records.accounts.total(asset) == opened
            held = sum((one.held for one in engine.open_orders() if one.hold_asset == asset), ZERO)
            assert engine.balance(asset).locked == held
            assert engine.balance(asset).free >= 0


@settings(max_examples=40, deadline=None)
@given(actions)
def test_state_follows_from_the_journal_alone(actions):
    engine = exchange()
    for action in actions:
        act(engine, action)
    again = VenueRecords("USDT")
    for recorded in engine.journal.replay():
        again.apply(Recorded(recorded.seq, recorded.ts_ns, recorded.event))
    assert again.orders == engine.records.orders
    assert again.accounts.balances == engine.records.accounts.balances
