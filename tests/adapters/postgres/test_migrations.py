"""The schema that migrations make is the one that the queries and the domain know."""

import logging
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import count, permutations
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import make_url

from arb.adapters.postgres.dead_letters import SqlDeadLetters
from arb.adapters.postgres.engine import make_engine
from arb.adapters.postgres.migrate import MIGRATIONS, migrate
from arb.adapters.postgres.records.holds import HoldState
from arb.adapters.postgres.snapshots import SqlSnapshotStore
from arb.adapters.postgres.tables import METADATA, SNAPSHOTS
from arb.domain.errors import ConfigError, InvariantError, StoreUnavailable
from arb.domain.health.alert import Severity
from arb.domain.health.dead_letter import DeadLetterReason
from arb.domain.ledger.ledger import EntryKind
from arb.domain.market.ids import Venue
from arb.domain.market.instrument import Side
from arb.domain.market.pair import Pair
from arb.domain.risk.review import Mode
from arb.domain.state.snapshot import PARTS, Snapshot, SnapshotKind
from arb.domain.time import NS_PER_DAY
from arb.domain.trading.external import ExternalState
from arb.domain.trading.order import TERMINAL, OrderEvent, OrderState, Purpose
from arb.domain.trading.trade import TradeState
from arb.stack.postgres_server import create_database
from tests.contracts import world
from tests.contracts.backends import sql_stores

pytestmark = pytest.mark.integration
NEWEST = max(path.name[:4] for path in Path("migrations/versions").glob("0*.py"))
numbers = count(1)
HEAD = max(path.name[:4] for path in (MIGRATIONS / "versions").glob("0*.py"))


@pytest.fixture(scope="module")
def engine(database_url):
    made = make_engine(database_url)
    yield made
    made.dispose()


@pytest.fixture
def empty_url(servers):
    name = f"empty_{next(numbers)}"
    create_database(servers.postgres.url, name)
    return make_url(servers.postgres.url).set(database=name).render_as_string(hide_password=False)


def test_the_tables_are_those_of_the_queries(engine):
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), METADATA)
    assert [change for change in differences if change[0] != "remove_index"] == []


@pytest.mark.parametrize(
    ("table", "column", "kind"),
    [
        ("sessions", "mode", Mode),
        ("mode_changes", "mode", Mode),
        ("trades", "state", TradeState),
        ("orders", "state", OrderState),
        ("orders", "side", Side),
        ("orders", "purpose", Purpose),
        ("order_events", "event", OrderEvent),
        ("holds", "state", HoldState),
        ("ledger_entries", "kind", EntryKind),
        ("alerts", "severity", Severity),
        ("dead_letters", "reason", DeadLetterReason),
        ("external_orders", "state", ExternalState),
        *((table.name, "kind", SnapshotKind) for table in SNAPSHOTS.values()),
    ],
)
def test_a_checked_column_takes_every_value_of_its_enumeration_and_no_other(engine, table, column, kind):
    checks = [
        check["sqltext"]
        for check in inspect(engine).get_check_constraints(table)
        if f"{column} = ANY" in check["sqltext"]
    ]
    assert len(checks) == 1
    values = {part.split("'")[0] for part in checks[0].split("ARRAY['")[1:]}
    values |= {part.split("'")[1] for part in checks[0].split("::text")[:-1] if "'" in part}
    assert values == {str(member) for member in kind}


@pytest.mark.parametrize("table", ["orders", "venue_pauses", "external_orders"])
def test_a_venue_is_any_name_that_the_code_may_know(engine, table):
    for venue in (*Venue, "gopax"):
        assert _is_taken(engine, table, "venue", venue)
    for text_ in ("", "Upbit", "up bit", "1x"):
        assert not _is_taken(engine, table, "venue", text_)


def test_a_direction_is_any_way_between_two_venues(engine):
    for venues in permutations(Venue, 2):
        for way in Pair(*venues).directions:
            assert _is_taken(engine, "trades", "direction", way)
    assert _is_taken(engine, "trades", "direction", "buy_gopax_sell_upbit")
    for text_ in ("", "sell", "sell_", "hold_upbit", "SELL_UPBIT"):
        assert not _is_taken(engine, "trades", "direction", text_)


def _is_taken(engine, table, column, value):
    """Ask the database itself whether the constraint of a column lets a value pass."""
    (check,) = [
        check["sqltext"]
        for check in inspect(engine).get_check_constraints(table)
        if check["name"] == f"{table}_{column}_check"
    ]
    with engine.connect() as connection:
        asked = text(f"SELECT {check} FROM (SELECT CAST(:value AS text) AS {column}) AS one")
        return connection.execute(asked, {"value": str(value)}).scalar_one()


def test_the_partial_indexes_name_the_states_that_are_live(engine):
    with engine.connect() as connection:
        definition = connection.execute(
            text("SELECT indexdef FROM pg_indexes WHERE indexname = 'orders_live'")
        ).scalar_one()
    named = {state for state in OrderState if f"'{state.value}'" in definition}
    assert named == set(OrderState) - TERMINAL


def test_migrating_again_changes_nothing_and_says_nothing(database_url, capfd, caplog):
    caplog.set_level(logging.WARNING)
    migrate(database_url)
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


def test_several_processes_may_migrate_at_once(empty_url):
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(migrate_alone, [empty_url] * 3))
    engine = create_engine(empty_url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).all() == [(NEWEST,)]
    engine.dispose()


def migrate_alone(url):
    """Migrate in a process of its own: Alembic keeps its context in a global."""
    code = f"from arb.adapters.postgres.migrate import migrate; migrate({url!r})"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_the_fallback_queue_works_and_survives_a_second_installation(empty_url):
    upgrade(empty_url, "0003")
    engine = create_engine(empty_url)
    with engine.begin() as connection:
        connection.execute(text("SELECT pgmq.create('orders')"))
        connection.execute(text("SELECT pgmq.send('orders', '{\"id\": 1}')"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0002'"))
    migrate(empty_url)
    with engine.begin() as connection:
        assert connection.execute(text("SELECT message FROM pgmq.read('orders', 1, 1)")).scalar() == {"id": 1}
    engine.dispose()


@pytest.mark.parametrize(
    ("sessions", "scope"),
    [
        ([("mock", "", 1), ("live", "", 2), ("live", "btc", 3)], "live"),
        ([("live", "btc", 1)], "live:btc"),
        ([], "mock"),
    ],
)
def test_dead_letters_of_before_belong_to_the_sessions_without_a_group(empty_url, sessions, scope):
    upgrade(empty_url, "0009")
    engine = create_engine(empty_url)
    with engine.begin() as connection:
        for place, (environment, group, at_ns) in enumerate(sessions):
            connection.execute(
                text(
                    "INSERT INTO sessions (session_id, environment, group_name, started_at_ns, mode,"
                    " mode_reason, mode_changed_at_ns)"
                    " VALUES (:id, :environment, :group, :at_ns, 'normal', '', 1)"
                ),
                {"id": f"s-{place}", "environment": environment, "group": group, "at_ns": at_ns},
            )
        connection.execute(
            text(
                "INSERT INTO dead_letters (fingerprint, reason, queue, task, task_id, arguments, error, text,"
                " failures, first_at_ns, last_at_ns)"
                " VALUES ('f', 'failed', 'orders', 't', '1', '[[], {}]', '', '', 1, 1, 1)"
            )
        )
    migrate(empty_url)
    assert [row["task"] for row in SqlDeadLetters(engine, scope).listed(10)] == ["t"]
    engine.dispose()


def upgrade(url, revision):
    """Migrate up to a revision, as an installation of that time did."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["database_url"] = url
    command.upgrade(config, revision)


def test_a_database_that_is_not_there_is_unavailable(tmp_path):
    with pytest.raises(StoreUnavailable):
        migrate(f"postgresql:///arb?host={tmp_path}")


def test_no_database_url_is_a_configuration_error(monkeypatch):
    monkeypatch.delenv("ARB_DATABASE_URL", raising=False)
    with pytest.raises(ConfigError, match="ARB_DATABASE_URL"):
        migrate("")


def saved(stores, ages_days, now_ns):
    """Return a session with one snapshot of each age."""
    session = world.session()
    stores.sessions.create(session)
    for days in ages_days:
        stores.snapshots.save(
            Snapshot(
                session_id=session.session_id,
                kind=SnapshotKind.PERIODIC,
                slot=f"periodic:{days}",
                taken_at_ns=now_ns - days * NS_PER_DAY,
                ledger_position=0,
                parts={name: {} for name in PARTS},
            )
        )
    return session.session_id


def slots(engine, session_id):
    with engine.connect() as connection:
        return {
            name: set(
                connection.execute(
                    text(f"SELECT slot FROM {table} WHERE session_id = :id"), {"id": session_id}
                ).scalars()
            )
            for name, table in SNAPSHOTS.items()
        }


def in_every_table(*kept):
    return {name: set(kept) for name in PARTS}


def server_now_ns(engine):
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT extract(epoch FROM now())")).scalar_one()) * 10**9


def test_cleaning_up_keeps_young_snapshots_and_the_newest_of_each_session(engine):
    stores, now_ns = sql_stores(engine), server_now_ns(engine)
    young, old = saved(stores, (1, 5, 9), now_ns), saved(stores, (20, 30), now_ns)
    assert SqlSnapshotStore(engine).clean_up(7) == 2
    assert slots(engine, young) == in_every_table("periodic:1", "periodic:5")
    assert slots(engine, old) == in_every_table("periodic:20")
    assert SqlSnapshotStore(engine).clean_up(7) == 0


def test_the_view_shows_the_newest_complete_snapshot_of_each_session(engine):
    stores, now_ns = sql_stores(engine), server_now_ns(engine)
    session_id = saved(stores, (1, 2, 3), now_ns)
    with engine.begin() as connection:
        connection.execute(
            text("DELETE FROM metrics_snapshots WHERE session_id = :id AND slot = 'periodic:1'"),
            {"id": session_id},
        )
        row = connection.execute(
            text("SELECT * FROM v_latest_snapshots WHERE session_id = :id"), {"id": session_id}
        ).one()
    assert (row.slot, row.taken_at_ns) == ("periodic:2", now_ns - 2 * NS_PER_DAY)
    assert row.taken_at.timestamp() * 10**9 == row.taken_at_ns


def test_a_value_that_no_enumeration_has_is_a_bug(engine):
    session = world.session(environment="moon")
    with pytest.raises(InvariantError):
        sql_stores(engine).sessions.create(session)
