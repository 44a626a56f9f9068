"""What a page that opens now is shown of the last minutes."""

from decimal import Decimal

from arb.app.facts.frame import QuoteLine
from arb.domain.market.ids import Coin
from arb.web.history import POINTS_MAX, PremiumHistory


def test_a_coin_without_a_market_leaves_a_gap():
    history = PremiumHistory()
    history.add(1, [QuoteLine(coin=Coin("BTC"), premium_bps=Decimal("12.34"), edge_bps=Decimal("-1.25"))])
    history.add(2, [QuoteLine(coin=Coin("BTC"))])
    assert history.points() == {"BTC": [(1, 12.3, -1.2), (2, None, None)]}


def test_the_oldest_points_are_forgotten():
    history = PremiumHistory()
    for at_ms in range(POINTS_MAX + 1):
        history.add(at_ms, [QuoteLine(coin=Coin("BTC"))])
    points = history.points()["BTC"]
    assert (len(points), points[0][0]) == (POINTS_MAX, 1)
