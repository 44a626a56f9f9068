"""What every store of premiums and of chances promises."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from arb.adapters.memory.chances import MemoryChances
from arb.adapters.memory.opportunities import MemoryOpportunities
from arb.adapters.memory.premiums import MemoryPremiums
from arb.adapters.memory.sessions import MemorySessionStore
from arb.adapters.postgres.engine import make_engine
from arb.adapters.postgres.migrate import migrate
from arb.adapters.postgres.opportunities import SqlOpportunities
from arb.adapters.postgres.premiums import SqlPremiums
from arb.adapters.redis.chances import RedisChances
from arb.adapters.redis.client import connect
from arb.domain.market.ids import Coin, SessionId, TradeId
from arb.domain.market.opportunity import Opportunity
from arb.domain.market.premium import PremiumRow, PremiumStep, name_of, steps_of
from arb.domain.time import ALWAYS, NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE, NS_PER_S, Span
from arb.ports.trading import Session
from tests.adapters.postgres.test_migrations import empty_url as empty_url
from tests.adapters.postgres.test_migrations import upgrade
from tests.contracts.world import NOW_NS, SELL_UPBIT
from tests.domain.markets import PAIR

DAY = NOW_NS // NS_PER_DAY
ROW = PremiumRow(
    at_ns=NOW_NS,
    coin=Coin("BTC"),
    first_bid=Decimal("140000000"),
    first_ask=Decimal("140001000"),
    second_bid=Decimal("100000.01"),
    second_ask=Decimal("100000.02"),
    rate_bid=Decimal(1400),
    rate_ask=Decimal(1401),
    premium_bps=Decimal("-3.5"),
    selling_bps=Decimal("-22.25"),
    buying_bps=None,
)
CHANCE = Opportunity(
    coin=Coin("BTC"),
    direction=SELL_UPBIT,
    began_ns=NOW_NS,
    ended_ns=NOW_NS + NS_PER_S,
    peak_ns=NOW_NS,
    peak_bps=Decimal("31.25"),
    quantity=Decimal("0.015"),
    size_krw=Decimal("2100000"),
    worth_krw=Decimal("-120.5"),
    reasons={"entry_cooldown": 3, "opened": 1},
    trades=(TradeId("abcdefghijklm"),),
)


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.integration)])
def passed_on(request: pytest.FixtureRequest) -> Iterator[Any]:
    if request.param == "memory":
        yield MemoryChances()
        return
    with connect(request.getfixturevalue("redis_url")) as client:
        yield RedisChances(client, "mock")


@pytest.fixture(params=["memory", pytest.param("sql", marks=pytest.mark.integration)])
def premiums(request: pytest.FixtureRequest) -> Iterator[Any]:
    if request.param == "memory":
        yield MemoryPremiums()
        return
    engine = request.getfixturevalue("engine")
    store = SqlPremiums(engine, "mock")
    yield store
    store.clean_up(NOW_NS + 10_000 * NS_PER_DAY)  # whose partitions are no tables of ours


@pytest.fixture
def kept(stores: Any, session: Session) -> Any:
    is_memory = isinstance(stores.sessions, MemorySessionStore)
    return MemoryOpportunities() if is_memory else SqlOpportunities(stores.sessions.engine)


def test_what_is_passed_on_is_taken_once_and_as_it_was_last(passed_on):
    later = CHANCE.seen(NOW_NS + 2 * NS_PER_S, "entry_cooldown")
    passed_on.keep([CHANCE])
    passed_on.keep([later, replace(CHANCE, began_ns=NOW_NS + NS_PER_MINUTE)])
    found = sorted(passed_on.take(), key=lambda each: each.began_ns)
    assert found == [later, replace(CHANCE, began_ns=NOW_NS + NS_PER_MINUTE)]
    assert passed_on.take() == []


def test_premiums_are_kept_once_and_read_in_order(premiums):
    other = replace(ROW, coin=Coin("ETH"), at_ns=NOW_NS - NS_PER_S, buying_bps=Decimal(1))
    premiums.add(PAIR, [ROW, other])
    premiums.add(PAIR, [replace(ROW, premium_bps=Decimal(99))])  # somebody else recorded that second, too
    assert premiums.read(PAIR, ALWAYS) == [other, ROW]
    assert premiums.read(PAIR, Span(from_ns=NOW_NS)) == [ROW]
    assert premiums.count(DAY) == 2


def test_days_of_premiums_are_forgotten_as_a_whole(premiums):
    days = [replace(ROW, at_ns=NOW_NS + day * NS_PER_DAY) for day in range(-3, 2)]
    premiums.add(PAIR, days)
    premiums.clean_up(NOW_NS - NS_PER_DAY)
    assert premiums.read(PAIR, ALWAYS) == days[2:]
    assert [premiums.count(DAY + day) for day in range(-3, 2)] == [0, 0, 1, 1, 1]
    premiums.add(PAIR, days[:1])  # late, and its partition is gone
    assert premiums.count(DAY - 3) == 1


def test_steps_of_a_coin_say_how_far_its_premium_went_and_the_best_of_each_edge(premiums):
    hour_ns = NOW_NS // NS_PER_HOUR * NS_PER_HOUR
    minute = hour_ns + 7 * NS_PER_MINUTE

    def row(at_ns: int, premium: str, selling: str | None = None, coin: str = "BTC") -> PremiumRow:
        edge = None if selling is None else Decimal(selling)
        return replace(ROW, at_ns=at_ns, coin=Coin(coin), premium_bps=Decimal(premium), selling_bps=edge)

    premiums.add(PAIR, [row(minute, "5"), row(minute, "77", coin="ETH"), row(minute + NS_PER_S, "-2", "9")])
    premiums.add(PAIR, [row(minute + 2 * NS_PER_S, "3", "8"), row(minute - NS_PER_MINUTE, "20", "1")])
    premiums.add(PAIR, [row(minute, "99", "99")])  # somebody else recorded that second, too
    premiums.add(PAIR, [row(hour_ns + NS_PER_HOUR, "-7")])
    first, second = premiums.steps(PAIR, Coin("BTC"), Span(to_ns=minute), NS_PER_MINUTE)
    assert (first.from_ns, first.premium_bps, first.selling_bps) == (minute - NS_PER_MINUTE, 20, 1)
    assert second == PremiumStep(
        from_ns=minute,
        premium_bps=Decimal(3),
        low_bps=Decimal(-2),
        high_bps=Decimal(5),
        selling_bps=Decimal(9),
        buying_bps=None,
    )
    hour = replace(second, from_ns=hour_ns, high_bps=Decimal(20))
    later = premiums.hours(PAIR, Coin("BTC"), Span(from_ns=hour_ns + 1))
    assert [(each.from_ns, each.premium_bps) for each in later] == [(hour_ns + NS_PER_HOUR, -7)]
    assert premiums.hours(PAIR, Coin("BTC"), Span(to_ns=hour_ns)) == [hour]
    assert premiums.steps(PAIR, Coin("BTC"), Span(from_ns=hour_ns), NS_PER_HOUR) == [hour, *later]
    premiums.clean_up(NOW_NS + NS_PER_DAY)
    assert premiums.hours(PAIR, Coin("BTC"), ALWAYS) == []


@pytest.mark.integration
def test_premiums_of_modes_and_pairs_are_apart_and_two_processes_make_one_partition(engine):
    stores = [SqlPremiums(engine, mode) for mode in ("mock", "paper")]
    for store in stores:
        store.add(PAIR, [ROW])
    assert [store.read(PAIR, ALWAYS) for store in stores] == [[ROW], [ROW]]
    with engine.connect() as connection:
        found = connection.execute(
            text("SELECT count(*) FROM pg_inherits WHERE inhparent = 'premiums'::regclass")
        )
        assert found.scalar() == 1
    stores[0].clean_up(NOW_NS + 10_000 * NS_PER_DAY)


def test_chance_that_goes_on_is_one_row(kept, session):
    later = CHANCE.seen(NOW_NS + 5 * NS_PER_S, "entry_cooldown")
    kept.put(session.session_id, [CHANCE])
    kept.put(session.session_id, [later, replace(CHANCE, coin=Coin("ETH"))])
    found = kept.read(session.session_id, ALWAYS, 10)
    assert found == [later, replace(CHANCE, coin=Coin("ETH"))]
    assert kept.read(session.session_id, ALWAYS, 10, "ETH") == [replace(CHANCE, coin=Coin("ETH"))]
    assert kept.read(SessionId("another"), ALWAYS, 10) == []
    assert kept.read(session.session_id, ALWAYS, 1) == [replace(CHANCE, coin=Coin("ETH"))]  # the newest one


def test_old_chances_are_forgotten(kept, session):
    kept.put(session.session_id, [replace(CHANCE, began_ns=NOW_NS - NS_PER_DAY), CHANCE])
    kept.clean_up(NOW_NS)
    assert kept.read(session.session_id, ALWAYS, 10) == [CHANCE]
    kept.put(session.session_id, [])


@pytest.mark.integration
def test_premiums_of_an_older_database_are_there_by_the_hour(empty_url):
    upgrade(empty_url, "0029")
    engine, names = make_engine(empty_url), list(asdict(ROW))
    at_ns = NOW_NS // NS_PER_HOUR * NS_PER_HOUR
    rows = [replace(ROW, at_ns=at_ns), replace(ROW, at_ns=at_ns + NS_PER_S, premium_bps=Decimal(8))]
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE premiums_all PARTITION OF premiums DEFAULT"))
        statement = text(
            f"INSERT INTO premiums ({', '.join(names)}, environment, pair) "
            f"VALUES ({', '.join(f':{name}' for name in names)}, 'mock', '{name_of(PAIR)}')"
        )
        connection.execute(statement, [asdict(row) for row in rows])
    migrate(empty_url)
    store = SqlPremiums(engine, "mock")
    assert store.hours(PAIR, Coin("BTC"), ALWAYS) == steps_of(rows, NS_PER_HOUR)
    engine.dispose()
