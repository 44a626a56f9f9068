"""`arb sessions compare` from outside, on the rows of two sessions."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import Engine

from arb.adapters.postgres.engine import make_engine
from arb.adapters.postgres.sessions import SqlSessionStore
from arb.adapters.postgres.trades import SqlTradeStore
from arb.domain.market.ids import SessionId, Venue
from arb.domain.risk.mode import Cause, reason_text
from arb.domain.risk.review import Mode
from arb.domain.state.generation import Generation
from arb.domain.time import NS_PER_S
from tests.cli.command import arb
from tests.contracts import world

pytestmark = pytest.mark.integration
FACTS = {"upbit_bid": "141", "binance_ask": "100", "rate_bid": "1400"}
BEGAN_NS = world.NOW_NS - 10 * NS_PER_S


@pytest.fixture
def database(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url)
    yield engine
    engine.dispose()


def session(
    database: Engine, data: str | None = "/monday", quantity: str = "0.01", trades: bool = True
) -> SessionId:
    """A session on recorded books that opened one pair, ten seconds after they began."""
    made = world.session(Mode.HALTED, BEGAN_NS - 1)
    sessions, store = SqlSessionStore(database), SqlTradeStore(database)
    sessions.create(made)
    settings = {"sim": {"data": data}, "risk": {"quote_age_ms_max": 1500}}
    sessions.begin_generation(
        Generation(session_id=made.session_id, number=1, settings=settings, frozen_at_ns=1, why="")
    )
    if trades:
        sessions.set_mode(made.session_id, Mode.NORMAL, reason_text(Cause.RECONCILED), BEGAN_NS)
        for entry in world.openings(made.session_id):
            store.book_entry(made.session_id, entry, world.NOW_NS)
        opening = world.opening(made.session_id, quantity=quantity)
        limits = replace(world.LIMITS, generation=1)
        proposal = replace(opening.proposal, decided_on=FACTS)
        store.open_trade(proposal, opening.orders, limits, world.NOW_NS)
        for venue in (Venue.UPBIT, Venue.BINANCE):
            assert store.claim(opening.on(venue).client_order_id, world.NOW_NS)
            store.record(world.filled(opening.on(venue)), world.NOW_NS)
        sessions.set_mode(made.session_id, Mode.HALTED, reason_text(Cause.STOPPING), BEGAN_NS + 60 * NS_PER_S)
    return made.session_id


def test_the_same_decisions_end_with_0_and_a_difference_is_classified(tmp_path, database, database_url):
    first, alike, smaller = session(database), session(database), session(database, quantity="0.005")
    same = arb(tmp_path, "sessions", "compare", first, alike, "--json", ARB_DATABASE_URL=database_url)
    document = json.loads(same.stdout)
    assert (same.returncode, document["counts"]["open"]["same"], document["differences"]) == (0, 1, [])
    other = arb(tmp_path, "sessions", "compare", first, smaller, "--json", ARB_DATABASE_URL=database_url)
    (row,) = json.loads(other.stdout)["differences"]
    assert (other.returncode, row["kind"], row["at_ns"]) == (0, "size", 10 * NS_PER_S)
    told = arb(tmp_path, "sessions", "compare", first, smaller, ARB_DATABASE_URL=database_url).stdout
    assert "10.00  open" in told
    assert "size" in told


def test_a_difference_that_nothing_explains_ends_with_1(tmp_path, database, database_url):
    first, idle = session(database), session(database)
    with database.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE trades SET opened_at_ns = opened_at_ns + 5000000000 WHERE session_id = %s", (idle,)
        )
        connection.exec_driver_sql(
            "INSERT INTO opportunities SELECT %s, 'BTC', 'sell_upbit', %s, %s, 1, 1, 1, 1, 1, 'opened',"
            " '{\"opened\": 1}', '[]'",
            (first, world.NOW_NS - NS_PER_S, world.NOW_NS + 9 * NS_PER_S),
        )
    found = arb(tmp_path, "sessions", "compare", first, idle, "--json", ARB_DATABASE_URL=database_url)
    assert (found.returncode, json.loads(found.stdout)["unexplained"]) == (1, 1)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"data": "/tuesday"}, "on the same books"),
        ({"data": None}, "what its venues quoted"),
        ({"trades": False}, "was never let trade"),
    ],
)
def test_sessions_that_cannot_be_compared_are_named(tmp_path, database, database_url, changes, words):
    first, other = session(database), session(database, **changes)
    said = arb(tmp_path, "sessions", "compare", first, other, ARB_DATABASE_URL=database_url)
    assert said.returncode == 2
    assert words in said.stderr
    nobody = arb(tmp_path, "sessions", "compare", first, "nobody", ARB_DATABASE_URL=database_url)
    assert (nobody.returncode, "no session nobody" in nobody.stderr) == (2, True)
