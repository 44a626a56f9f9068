"""A venue's news in any order, any number of times, through any path, end in the same order."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arb.domain.ledger.ledger import Entry, EntryKind, move
from arb.domain.market.ids import Venue
from arb.domain.trading.order import OrderState
from tests.contracts import world
from tests.contracts.backends import sums

NOW_NS = world.NOW_NS
LOT = Decimal("0.001")
NO_LIMITS = world.with_limits(
    trades_open_max=10_000,
    trades_open_per_coin_max=10_000,
    notional_per_coin_krw_max=Decimal("1e12"),
    notional_total_krw_max=Decimal("1e12"),
    orders_per_minute_max=1_000_000,
)


@st.composite
def histories(draw):
    """Lots of each fill of a 0.010 order, and the news in the order they arrive: (status, fills)."""
    lots = draw(st.lists(st.integers(1, 4), max_size=4).filter(lambda found: sum(found) <= 10))
    whole = sum(lots) == 10
    end = OrderState.FILLED if whole else draw(st.sampled_from([OrderState.CANCELED, OrderState.EXPIRED]))
    everything = tuple(range(len(lots)))
    news = [(OrderState.ACCEPTED, ()), (end, ()), (end, everything)]
    news += [(OrderState.PARTIALLY_FILLED, (number,)) for number in everything]
    news += [(OrderState.PARTIALLY_FILLED, everything[:number]) for number in everything]
    news += [(OrderState.ACCEPTED, everything[:1])]
    repeated = draw(st.lists(st.sampled_from(news), max_size=4))
    return lots, end, draw(st.permutations(news + repeated))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories(), lost=st.booleans())
def test_news_in_any_order_end_in_the_same_order(stores, session, history, lost):
    lots, end, news = history
    opening = world.opening(session.session_id, coin="XRP", quantity="0.01")
    stores.trades.book_entry(session.session_id, funding(opening), NOW_NS)
    stores.trades.open_trade(opening.proposal, opening.orders, NO_LIMITS, NOW_NS)
    order = opening.on(Venue.UPBIT)
    claimed = stores.trades.claim(order.client_order_id, NOW_NS)
    if lost:
        stores.trades.lose(order.client_order_id, claimed.fence, "", NOW_NS)
    fills = [world.fill(order, LOT * count) for count in lots]
    for status, numbers in news:
        stores.trades.record(world.report(order, status, *(fills[number] for number in numbers)), NOW_NS)
    found = stores.trades.order(order.client_order_id)
    expected = replace(claimed, state=end, fills=tuple(fills), venue_order_id=f"v-{order.client_order_id}")
    assert found == expected
    assert sums(stores.inside.postings(session.session_id)) == stores.inside.balances(session.session_id)
    assert stores.inside.hold(order.client_order_id) == ("posted" if fills else "voided")


def funding(opening):
    """Return an entry that brings what the trade needs."""
    return Entry(
        key=f"fund:{opening.trade.trade_id}",
        kind=EntryKind.ADJUSTMENT,
        postings=(
            *move("external", "venue:upbit", "XRP", Decimal("0.01")),
            *move("external", "venue:binance", "USDT", Decimal("2000")),
        ),
    )
