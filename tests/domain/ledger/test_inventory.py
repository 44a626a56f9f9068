"""What lies where, how far it reaches, and the cheapest way to bring back what runs low."""

from decimal import Decimal

import pytest

from arb.domain.ledger.inventory import InventoryPrices, advice, holdings, reaches
from arb.domain.market.ids import Coin, Venue
from arb.domain.time import NS_PER_DAY, NS_PER_HOUR
from tests.domain.markets import PAIR

BTC, XRP = Coin("BTC"), Coin("XRP")
SELL_FIRST, BUY_FIRST = PAIR.directions
FIRST, SECOND = PAIR.venues
RATE = Decimal(1400)
LEGS_MIN = Decimal(2)


def prices(**edges_bps: str) -> InventoryPrices:
    return InventoryPrices(
        leg_krw=1_000 * RATE,
        krw={"KRW": Decimal(1), "USDT": RATE, "BTC": 100_000 * RATE, "XRP": 2 * RATE},
        edges_bps={
            (Coin(name.partition("_")[0]), SELL_FIRST if name.endswith("sell") else BUY_FIRST): Decimal(edge)
            for name, edge in edges_bps.items()
        },
        move_krw=RATE,
        conversion_bps=Decimal(9),
    )


def held(
    free: dict, changes: dict | None = None, told: InventoryPrices | None = None, window_ns: int = NS_PER_DAY
):
    return holdings(
        {key: Decimal(amount) for key, amount in free.items()},
        {key: Decimal(amount) for key, amount in (changes or {}).items()},
        window_ns,
        told or prices(),
    )


EVEN = {
    (FIRST, "KRW"): "14000000", (SECOND, "USDT"): "10000",
    (FIRST, "BTC"): "0.1", (SECOND, "BTC"): "0.1",
}  # fmt: skip


def test_both_directions_reach_as_far_as_the_shorter_of_coin_and_money():
    found = {each.direction: each for each in reaches(held(EVEN | {(FIRST, "BTC"): "0.03"}), PAIR, [BTC])}
    assert found[SELL_FIRST].pairs == 3
    assert (found[SELL_FIRST].short.venue, found[SELL_FIRST].short.asset) == (FIRST, "BTC")
    assert found[BUY_FIRST].pairs == 10


def test_it_lasts_as_long_as_what_goes_leaves_something():
    (coin, *_) = [each for each in held(EVEN, {(FIRST, "BTC"): "-0.05"}) if each.asset == "BTC"][::-1]
    assert coin.lasts_ns == 2 * NS_PER_DAY
    by_way = {
        each.direction: each.lasts_ns
        for each in reaches(held(EVEN, {(FIRST, "BTC"): "-0.05", (SECOND, "USDT"): "-8000"}), PAIR, [BTC])
    }
    assert by_way[SELL_FIRST] == NS_PER_DAY * 10 // 8
    assert by_way[BUY_FIRST] is None


def test_nothing_that_is_even_is_worth_a_word():
    assert advice(held(EVEN), PAIR, prices(), LEGS_MIN) == []


def test_coin_that_runs_low_is_moved_or_traded_back_whichever_costs_less():
    low = EVEN | {(FIRST, "BTC"): "0.01", (SECOND, "BTC"): "0.21"}
    dear = advice(held(low), PAIR, prices(BTC_buy="-32"), LEGS_MIN)
    assert [each.action for each in dear] == ["move", "trade_back"]
    assert dear[0].amount == Decimal("0.1")
    assert dear[0].cost_krw == RATE
    assert dear[1].cost_krw == Decimal("0.1") * 100_000 * RATE * Decimal("0.0032")
    assert (dear[0].from_venue, dear[0].to_venue) == (SECOND, FIRST)
    cheap = advice(held(low), PAIR, prices(BTC_buy="5"), LEGS_MIN)
    assert cheap[0].action == "trade_back"
    assert cheap[0].cost_krw < 0  # it earns


def test_money_that_runs_low_is_brought_by_the_coin_with_the_best_edge():
    low = EVEN | {
        (SECOND, "USDT"): "1000",
        (FIRST, "KRW"): "30000000",
        (FIRST, "XRP"): "5000",
        (SECOND, "XRP"): "5000",
    }
    found = advice(held(low), PAIR, prices(BTC_buy="-30", XRP_buy="-12", XRP_sell="-40"), LEGS_MIN)
    (back,) = [each for each in found if each.action == "trade_back"]
    assert back.asset == "USDT"
    assert "XRP" in back.why and f"sell on {SECOND}" in back.why
    (move,) = [each for each in found if each.action == "move"]
    assert move.cost_krw > RATE  # changed on the way
    assert "KRW changed" in move.why


def test_what_comes_back_by_itself_is_waited_for():
    low = EVEN | {(FIRST, "BTC"): "0.01", (SECOND, "BTC"): "0.21"}
    found = advice(held(low, {(FIRST, "BTC"): "0.005"}), PAIR, prices(BTC_buy="-32"), LEGS_MIN)
    assert [each.action for each in found] == ["wait", "move", "trade_back"]


def test_what_will_be_gone_within_a_day_runs_low_although_there_is_much_of_it():
    found = advice(
        held(EVEN | {(SECOND, "BTC"): "0.3"}, {(FIRST, "BTC"): "-0.05"}, window_ns=NS_PER_HOUR),
        PAIR,
        prices(),
        LEGS_MIN,
    )
    assert [(each.action, each.asset, each.to_venue) for each in found] == [("move", "BTC", FIRST)]


@pytest.mark.parametrize("venue", list(Venue))
def test_low_on_both_venues_nothing_can_be_moved(venue):
    low = EVEN | {(FIRST, "BTC"): "0.01", (SECOND, "BTC"): "0.01"}
    assert [
        each for each in advice(held(low), PAIR, prices(BTC_buy="3"), LEGS_MIN) if each.to_venue is venue
    ] == []


def test_without_prices_nobody_advises():
    nothing = InventoryPrices(leg_krw=RATE, krw={}, edges_bps={}, move_krw=RATE, conversion_bps=Decimal(9))
    found = held(EVEN, {(FIRST, "BTC"): "-0.05"}, nothing)
    assert all(each.legs is None for each in found)
    assert reaches(found, PAIR, [BTC]) == []
    assert advice(found, PAIR, nothing, LEGS_MIN) == []
