"""How the session stands is read beside the coins that changed, of all of them while few pairs are open."""

import pytest

from arb.domain.errors import StoreUnavailable
from arb.domain.market.ids import Coin
from arb.domain.risk.review import Mode
from arb.domain.time import NS_PER_MS
from arb.engine.market.markets import ChangedMarkets
from arb.engine.trading.session_reading import FEW, MANY_NS, SessionReading
from arb.ports.trading import SessionView
from tests.engine.testbed import SESSION, EngineTestbed

BTC = Coin("BTC")


class Store:
    """A store with so many pairs, which takes as many attempts as it is told."""

    def __init__(self, pairs: int = 0, attempts: int = 1) -> None:
        self.pairs, self.attempts, self.asked = pairs, attempts, []

    def session_view(self, _session_id, coins, meanwhile=lambda: None):
        self.asked.append(coins)
        for _ in range(self.attempts):
            meanwhile()
        return SessionView(mode=Mode.NORMAL, trades=(None,) * self.pairs)


class Taking:
    """What takes the coins that changed."""

    def __init__(self, *coins: Coin, error: Exception | None = None) -> None:
        self.changed = ChangedMarkets(coins, dict.fromkeys(coins), more=False)
        self.error, self.taken = error, 0

    def __call__(self) -> ChangedMarkets:
        self.taken += 1
        if self.error is not None:
            raise self.error
        return self.changed


@pytest.fixture
def clock():
    return EngineTestbed().clock


def reading(store, clock) -> SessionReading:
    return SessionReading(session_id=SESSION, trades=store, clock=clock)


@pytest.mark.parametrize("attempts", [0, 1, 2])
def test_coins_are_taken_once_while_it_is_read(clock, attempts):
    store, take = Store(attempts=attempts), Taking(BTC)
    changed, seen = reading(store, clock).with_coins(take)
    assert changed is take.changed
    assert seen.mode is Mode.NORMAL
    assert (store.asked, take.taken) == ([None], 1)


def test_where_no_coin_has_a_market_it_is_of_no_use(clock):
    assert reading(Store(), clock).with_coins(Taking())[1] is None


@pytest.mark.parametrize("pairs", [FEW, FEW + 1])
def test_with_many_pairs_only_those_of_the_coins_are_read_for_a_while(clock, pairs):
    store = Store(pairs)
    session = reading(store, clock)
    for _ in range(2):
        session.with_coins(Taking(BTC))
    assert store.asked == [None, None if pairs == FEW else (BTC,)]
    clock.advance_ms(MANY_NS // NS_PER_MS)
    session.with_coins(Taking(BTC))
    assert store.asked[2] is None


def test_with_many_pairs_and_no_coins_nothing_is_read(clock):
    store = Store(FEW + 1)
    session = reading(store, clock)
    session.with_coins(Taking(BTC))
    assert session.with_coins(Taking())[1] is None
    assert len(store.asked) == 1


def test_what_goes_wrong_with_the_coins_is_raised_and_leaves_the_connection_alone(clock):
    """The driver closes a connection on which anything is raised while it waits."""
    with pytest.raises(StoreUnavailable, match="quotes"):
        reading(Store(), clock).with_coins(Taking(error=StoreUnavailable("quotes")))


def test_where_sql_is_away_coins_are_left_for_the_next_evaluation(clock):
    class Away(Store):
        def session_view(self, *_given):
            raise StoreUnavailable("away")

    take = Taking(BTC)
    with pytest.raises(StoreUnavailable, match="away"):
        reading(Away(), clock).with_coins(take)
    assert take.taken == 0
