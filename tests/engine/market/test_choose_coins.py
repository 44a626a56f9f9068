"""Coins are taken up as both venues list them, and let go as one of them does not any more."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.adapters.memory.choices import MemoryChoices
from arb.domain.errors import DataError, Retryable
from arb.domain.health.alert import AlertKind
from arb.domain.market.ids import Coin, SessionId, Venue
from arb.domain.market.listing import Listing
from arb.engine.market.choose_coins import ChooseCoins, CommonCoins
from tests.domain.markets import BINANCE, PAIR, UPBIT

SESSION = SessionId("mock-1")


class Exchange:
    """What a venue lists: by coin the turnover, and rules like those of BTC."""

    def __init__(self, like, **turnovers):
        self.like, self.listed, self.odd, self.changed = like, turnovers, set(), {}
        self.silent = False

    def turnovers(self):
        if self.silent:
            raise Retryable(self.like.venue, "no answer")
        return {Coin(name): None if each is None else Decimal(each) for name, each in self.listed.items()}

    def instruments(self, coins):
        return Listing(
            tuple(
                replace(
                    self.like,
                    base=coin,
                    symbol=f"{coin}/{self.like.venue.quote}",
                    **self.changed.get(coin, {}),
                )
                for coin in coins
                if coin in self.listed and coin not in self.odd
            )
        )


class Clock:
    def now_ns(self):
        return 7


class World:
    def __init__(self, room=10):
        self.upbit = Exchange(UPBIT, USDT=9e9, BTC=5000, ETH=9000, XRP=8000, KOR=9)
        self.binance = Exchange(BINANCE, BTC=9, ETH=5, XRP=4, USA=8, **{"1000x": 3})
        self.told = []
        self.store = MemoryChoices()
        self.choose = ChooseCoins(
            session_id=SESSION,
            common=CommonCoins(
                pair=PAIR,
                venues={Venue.UPBIT: self.upbit, Venue.BINANCE: self.binance},
                warnings_blocked=("WARNING",),
                krw_per_usdt=Decimal(1_000),
            ),
            store=self.store,
            room=room,
            alerts=self,
            clock=Clock(),
        )

    def raise_alert(self, alert):
        self.told.append(alert)


def test_what_both_venues_list_is_ranked_by_the_venue_where_less_of_it_is_traded():
    world = World()
    assert world.choose.run().coins == ("BTC", "ETH", "XRP")
    world = World(room=1)
    found = world.choose.run()
    assert (found.coins, set(found.left_out)) == (("BTC",), {"ETH", "XRP"})
    assert world.store.read(SESSION) == found
    assert not world.told, "the first choice is said where trading begins"


def test_a_coin_that_is_newly_listed_on_both_is_taken_up_and_told_of():
    world = World()
    world.choose.run()
    world.upbit.listed["NEW"] = 1
    assert "NEW" not in world.choose.run().coins
    world.binance.listed["NEW"] = 1
    assert world.choose.run().coins == ("BTC", "ETH", "XRP", "NEW")
    (alert,) = world.told
    assert (alert.kind, alert.message) == (
        AlertKind.COINS_CHANGED,
        "listed by both venues now, and taken up NEW",
    )


def test_a_coin_that_one_venue_delists_is_let_go():
    world = World()
    world.choose.run()
    del world.binance.listed["XRP"]
    assert world.choose.run().coins == ("BTC", "ETH")
    assert "nothing new is opened of XRP" in world.told[-1].message


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"warning": "CAUTION,WARNING"}, "binance warns of it: WARNING"),
        ({"tradable": False}, "binance does not trade it now"),
    ],
)
def test_what_cannot_be_opened_is_not_taken_up_and_what_is_traded_stays(change, why):
    world = World()
    world.binance.changed[Coin("ETH")] = change
    found = world.choose.run()
    assert (found.coins, found.left_out) == (("BTC", "XRP"), {"ETH": why})
    world.binance.changed = {Coin("BTC"): change}
    assert world.choose.run().coins == ("BTC", "XRP", "ETH")


def test_a_market_without_rules_is_not_taken_up():
    world = World()
    world.upbit.odd.add(Coin("XRP"))
    assert world.choose.run().left_out == {"XRP": "upbit tells no rules of it that can be believed"}


def test_a_venue_that_is_away_or_forgets_most_changes_nothing():
    world = World()
    kept = world.choose.run()
    world.binance.silent = True
    with pytest.raises(Retryable):
        world.choose.run()
    world.binance.silent, world.binance.listed = False, {"BTC": 1}
    with pytest.raises(DataError, match="listing_absurd"):
        world.choose.run()
    assert world.store.read(SESSION) == kept
