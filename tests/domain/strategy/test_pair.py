"""When *pair* opens a pair, and when it closes one."""

from dataclasses import dataclass, replace
from decimal import Decimal

import pytest

from arb.domain.market.pair import Direction
from arb.domain.market.spread import RATE_FORGOTTEN
from arb.domain.strategy.economics import Costs
from arb.domain.strategy.pair import UNKNOWN, PairRules, PairStrategy
from arb.domain.strategy.port import Chance, Declined
from arb.domain.strategy.premium import PremiumLevel
from arb.domain.time import NS_PER_HOUR
from arb.domain.trading.reentry import Close
from tests.domain.markets import NOW_NS, market
from tests.domain.strategy.test_fixed import held
from tests.domain.trading.test_exits import WHOLE, opened_pair
from tests.engine.trading.test_proposals import SIZE, edges_at

RULES = PairRules(
    min_profit_bps=Decimal(6),
    slippage_bps=Decimal(2),
    edge_bps_min=Decimal(-800),
    take_profit_bps=Decimal(25),
    stop_loss_bps=Decimal(150),
    holding_ns_max=3 * NS_PER_HOUR,
    rate_loss_bps_max=Decimal(1_000),
    holding_loss_bps_max=Decimal(0),
)


@dataclass(frozen=True)
class Known:
    """Levels as they are said to be."""

    bps: float | None = 0.0
    margin_bps: float = 0.0
    why: str = ""

    def is_due(self, _coin, _now_ns):
        return False

    def note(self, coin, now_ns, premium_bps):
        raise AssertionError("it is not due")

    def level(self, _coin, _now_ns):
        return (
            None if self.bps is None else PremiumLevel(bps=self.bps, sd_bps=5.0, margin_bps=self.margin_bps)
        )

    def why_not(self, _coin, _sign):
        return self.why


def at(premium_bps, **values):
    """Return a market at this premium, its books one step apart."""
    middle = int(Decimal(140_000_000) * (1 + Decimal(premium_bps) / 10_000)) // 1_000 * 1_000
    return market(upbit_bids=((str(middle), "1"),), upbit_asks=((str(middle + 1_000), "1"),), **values)


def opens(found, levels=None, **rules):
    chance = Chance(market=found, edges=edges_at(found, SIZE), now_ns=NOW_NS)
    return PairStrategy(rules=replace(RULES, **rules), levels=levels or Known()).entry(chance)


def closes(found, levels=None, held_ns=0, sold_at="140840000", **rules):
    """Tell why a pair is closed that was opened by selling on Upbit, 60 bps above even."""
    pair = opened_pair(sold_at)
    strategy = PairStrategy(rules=replace(RULES, **rules), levels=levels or Known())
    return strategy.exit(held(pair, WHOLE, found, pair[0].opened_at_ns + held_ns))


SELL, BUY = Direction("sell_upbit"), Direction("buy_upbit")


@pytest.mark.parametrize(
    ("premium", "level", "way"),
    [
        (60, 0.0, SELL), (-60, 0.0, BUY), (36, 0.0, None), (-36, 0.0, None), (0, 0.0, None),
        (60, 50.0, None), (110, 50.0, SELL), (-10, 50.0, BUY), (-60, -110.0, SELL),
    ],
)  # fmt: skip
def test_a_pair_is_opened_towards_the_level_where_the_way_pays_for_both_ways(premium, level, way):
    found = opens(at(premium), Known(level))
    assert (found and found.direction) == way


def least_premium(**how):
    return next(bps for bps in range(200) if opens(at(bps), **how) is not None)


def test_costs_margins_slippage_and_profit_each_move_the_least_premium():
    least = least_premium()
    assert least in range(38, 41)  # 30 of fees, 2 of slippage, 6 of profit, and the steps of the books
    assert least_premium(levels=Known(margin_bps=10.0)) == least + 10
    assert least_premium(slippage_bps=Decimal(7)) == least + 5
    assert least_premium(min_profit_bps=Decimal(16)) == least + 10


def test_a_wide_book_costs_its_spread_as_often_as_it_is_crossed():
    wide = {"binance_asks": (("100100", "1"),), "binance_bids": (("99900", "1"),)}  # 20 bps
    assert opens(at(50)).direction is SELL
    assert opens(at(50, **wide)) is None
    assert opens(at(62, **wide)).direction is SELL


def test_an_unknown_level_opens_nothing_and_is_counted_where_it_would_be_worth_a_look():
    assert opens(at(60), Known(None)) == Declined(UNKNOWN)
    assert opens(at(20), Known(None)) is None


def test_what_does_not_come_back_is_declined_only_where_it_would_be_opened():
    assert opens(at(60), Known(why="premium_returns")) == Declined("premium_returns")
    assert opens(at(20), Known(why="premium_returns")) is None


def test_a_pair_is_closed_behind_the_level_for_what_it_earned():
    assert closes(at(30)) is None  # a profit would be made by the level alone
    assert closes(at(0)) is None  # at it, noise brings it further
    assert closes(at(-6)) == "converged"
    assert closes(at(-6), Known(-20.0)) is None
    assert closes(at(26), Known(33.0)) is None  # behind a level that has come nearer, and nothing earned


def test_a_late_pair_is_closed_by_the_clock_only_if_nothing_is_lost():
    late_ns = RULES.holding_ns_max
    assert closes(at(0), held_ns=late_ns) == "holding_time"
    assert closes(at(20), held_ns=late_ns) == "holding_time"
    assert closes(at(60), held_ns=100 * late_ns) is None
    assert closes(at(60), held_ns=late_ns, holding_loss_bps_max=Decimal(50)) == "holding_time"


def test_losses_are_stopped_whatever_is_known_of_the_level():
    for levels in (Known(), Known(None), Known(500.0)):
        assert closes(at(200), levels) == "stop_loss"
    assert closes(at(150)) is None


def test_without_a_level_a_pair_is_closed_for_its_profit():
    assert closes(at(-6), Known(None)) == "take_profit"
    assert closes(at(10), Known(None)) is None


@pytest.mark.parametrize("doubt", ["rate_unsettled", RATE_FORGOTTEN])
def test_a_rate_in_doubt_converges_nothing(doubt):
    assert closes(at(-6).doubting(doubt)) is None


def test_far_is_what_cannot_pay_for_the_fees():
    strategy = PairStrategy(rules=RULES, levels=Known(50.0))
    assert strategy.is_far(at(30))
    assert not strategy.is_far(at(10))
    assert PairStrategy(rules=RULES, levels=Known(None)).is_far(at(400))


def test_the_round_trips_of_the_least_edge_earn_the_least_profit():
    costs = Costs(
        fees_bps=(Decimal(5), Decimal(10)),
        spread_bps=Decimal(4),
        rate_step_bps=Decimal(7),
        slip_bps=Decimal(8),
    )
    outlook = PairStrategy(rules=RULES, levels=Known()).outlook(costs)
    earned = {trip.close: trip.earned_bps for trip in outlook.round_trips}
    assert earned == {Close.CONVERGED: 6, Close.HOLDING_TIME: 0, Close.STOP_LOSS: Decimal("-153.5")}
    assert outlook.break_even_premium_bps == 2 * 15 + 4 + 2
    assert outlook.edge_bps_least == 15 + 2 + 6 + 2
