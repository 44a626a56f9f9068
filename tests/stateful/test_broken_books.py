"""Random markets whose books break for moments: what is decided in them, and what it is worth afterwards.

Every hole here is over within seconds, and the rate is 1,400 KRW but for jumps as short. So nothing may be
opened or closed but by a whole book, and for a reason that holds at 1,400.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random

import pytest

from arb.domain.market.book import Book, Level, sweep
from arb.domain.market.ids import Venue
from arb.domain.market.money import BPS
from arb.domain.trading.order import Purpose
from arb.domain.trading.position import trade_position
from arb.domain.trading.trade import Trade, TradeState
from tests.domain.markets import PAIR
from tests.engine.testbed import EngineTestbed
from tests.known_losses.helpers import orders, require, run_due, tell, trades, upbit_books

RATE, STEP_MS, STEPS = Decimal(1_400), 250, 400
COIN_HOLES = ("upbit bids", "upbit asks", "binance bids", "binance asks")
RATE_HOLES = ("rate bids", "rate asks", "rate up", "rate down")
LASTS_MAX = 12  # steps


@dataclass
class Market:
    """What the venues show, step by step."""

    chance: Random
    premium_bps: Decimal = Decimal(0)
    broken: dict[str, int] = field(default_factory=dict)  # how many steps each hole still lasts

    def next(self, testbed: EngineTestbed) -> dict[str, Book]:
        self.premium_bps = self.premium_bps * Decimal("0.97") + self.chance.randint(-17, 17)
        self.broken = {name: left - 1 for name, left in self.broken.items() if left > 1}
        if self.chance.random() < 0.15:
            kind = self.chance.choice(COIN_HOLES + RATE_HOLES)
            self.broken.setdefault(kind, self.chance.randint(1, LASTS_MAX))
        upbit = testbed.book(Venue.UPBIT, "BTC/KRW", *upbit_books(int(self.premium_bps)), "5")
        binance = testbed.book(Venue.BINANCE, "BTC/USDT", "99999.50", "100000.50", "5")
        away = {"rate up": Decimal("1.012"), "rate down": Decimal("0.988")}
        factor = next((away[name] for name in self.broken if name in away), Decimal(1))
        sides = [str((Decimal(side) * factor).quantize(Decimal("0.1"))) for side in ("1399", "1401")]
        rate = testbed.book(Venue.UPBIT, "USDT/KRW", *sides, "100000")
        books = {"upbit": upbit, "binance": binance, "rate": rate}
        for name in self.broken:
            what, side = name.split()
            if side in ("bids", "asks"):
                books[what] = self._pulled(books[what], side)
        return books

    def _pulled(self, book: Book, side: str) -> Book:
        """Return a book with a hole on one side, at times behind next to nothing."""
        levels: tuple[Level, ...] = getattr(book, side)
        away = Decimal(self.chance.choice((60, 150, 400, 3_000))) / BPS
        far = levels[0].price * (1 - away if side == "bids" else 1 + away)
        rest = Level(far // 1 if far > 1 else far, levels[0].quantity)
        tiny = Level(levels[0].price, Decimal("0.00000001"))
        shown = (tiny, rest) if self.chance.random() < 0.5 else (rest,)
        return replace(book, **{side: shown})


def closing_cost_bps(trade: Trade, books: Mapping[str, Book]) -> Decimal:
    """Return how much more the size costs where it is bought than it brings where it is sold, at 1,400."""
    way = trade.direction.opposite
    bought = sweep(books[way.buy_on].asks, trade.quantity)
    sold = sweep(books[way.sell_on].bids, trade.quantity)
    assert bought is not None
    assert sold is not None
    paid, got = (
        PAIR.krw(venue, found.notional, RATE) for venue, found in ((way.buy_on, bought), (way.sell_on, sold))
    )
    return (paid - got) / got * BPS


def earned_bps(testbed: EngineTestbed, trade: Trade, books: Mapping[str, Book]) -> Decimal:
    """Return what the pair has earned if it is closed on these books, at 1,400 and after all fees."""
    way, total = trade.direction.opposite, Decimal(0)
    entry = [order for order in testbed.trades.view(trade.trade_id).orders if order.purpose is Purpose.ENTRY]
    for venue, leg in trade_position(entry).legs.items():
        fee = Decimal("0.0005") if venue is Venue.UPBIT else Decimal("0.001")
        side = way.side(venue)
        found = sweep(books[venue].against(side), trade.quantity)
        assert found is not None
        closing = -side.sign * found.notional * (1 + side.sign * fee)
        total += PAIR.krw(venue, leg.quote + closing - leg.base_fee * found.vwap, RATE)
    return total / trade.notional_krw * BPS


def judged(
    testbed: EngineTestbed, market: Market, books: Mapping[str, Book], before: Mapping[str, Trade]
) -> None:
    """Look at what was decided in this step."""
    for trade in trades(testbed):
        known = before.get(trade.trade_id)
        if known is None or known.state is trade.state or trade.state is not TradeState.CLOSING:
            is_decided = known is None
        else:
            is_decided = True
            holds = {
                "converged": closing_cost_bps(trade, books) <= Decimal("4.1"),
                "take_profit": earned_bps(testbed, trade, books) >= Decimal("24.5"),
                "stop_loss": earned_bps(testbed, trade, books) <= Decimal("-149.5"),
                "holding_time": False,
            }
            assert holds[trade.reason], (trade.reason, market.broken)
        if is_decided:
            assert not set(market.broken) & set(COIN_HOLES), market.broken
        if known is None:
            assert not set(market.broken) & {"rate bids", "rate asks"}, market.broken
            assert -closing_cost_bps(replace(trade, direction=trade.direction.opposite), books) >= 30


@pytest.mark.parametrize("seed", range(12))
def test_what_is_decided_while_books_break_holds_at_what_can_be_traded_and_is_booked_as_it_is(seed: int):
    testbed, market = EngineTestbed(), Market(Random(seed))
    start = {(venue, asset): held for venue, it in testbed.venues.items() for asset, held in it.held.items()}
    for _ in range(STEPS):
        books = market.next(testbed)
        tell(testbed, *books.values())
        before = {trade.trade_id: trade for trade in trades(testbed)}
        testbed.evaluate_now()
        judged(testbed, market, books, before)
        testbed.sweep.run()
        testbed.collect()
        run_due(testbed)
        testbed.pass_time(STEP_MS)
    testbed.quiesce()
    require(any(trade.state is TradeState.CLOSED for trade in trades(testbed)), "pairs were closed")
    assert testbed.drifts() == {}
    _booked_as_it_is(testbed, start)


def _booked_as_it_is(testbed: EngineTestbed, start: Mapping[tuple[Venue, str], Decimal]) -> None:
    """What trades say that came in and went out is what both accounts have more, to the last digit."""
    for venue, client in testbed.venues.items():
        legs = [
            trade_position(testbed.trades.view(each.trade_id).orders).leg(venue) for each in trades(testbed)
        ]
        moved = {asset: client.held[asset] - start[venue, asset] for asset in ("BTC", venue.quote)}
        assert sum((leg.base_net for leg in legs), Decimal(0)) == moved["BTC"]
        assert sum((leg.quote for leg in legs), Decimal(0)) == moved[venue.quote]
    for trade in trades(testbed):
        if trade.state is TradeState.CLOSED:
            position = trade_position(testbed.trades.view(trade.trade_id).orders)
            worth = position.pnl_krw(PAIR, trade.valued_krw_per_usdt, trade.valued_base_krw)
            assert trade.pnl_krw == worth
            assert abs(trade.valued_krw_per_usdt / RATE - 1) < Decimal("0.013"), "no hole values anything"
    assert orders(testbed)
