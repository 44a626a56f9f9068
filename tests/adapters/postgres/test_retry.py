"""What passes by itself is tried again, three times at growing waits; what may have happened is not."""

import psycopg2
import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from arb.adapters.local.clock import ManualClock
from arb.adapters.postgres import opening
from arb.adapters.postgres.engine import at_once, make_engine, transaction
from arb.adapters.postgres.failures import CommitUnknown, TransactionInterrupted, translated
from arb.adapters.postgres.retry import Retry, harmless_twice, interrupted_only
from arb.adapters.postgres.sessions import SqlSessionStore
from arb.adapters.postgres.trades import SqlTradeStore
from arb.domain.errors import StoreUnavailable
from arb.domain.market.ids import Venue
from arb.domain.risk.review import Approved, Mode
from tests.contracts import world


class Store:
    """Fails as often as it is told to."""

    def __init__(self, *failures):
        self.clock = ManualClock()
        self.retry = Retry(clock=self.clock)
        self.failures, self.calls = list(failures), 0

    def _call(self):
        self.calls += 1
        if self.failures:
            raise self.failures.pop(0)
        return "done"

    harmless = harmless_twice(_call)
    careful = interrupted_only(_call)


def test_three_attempts_more_at_100_200_and_400_ms():
    store = Store(*[TransactionInterrupted("deadlock")] * 3)
    assert store.careful() == "done"
    assert store.clock.slept_ms == [100, 200, 400]


def test_a_fourth_failure_is_the_callers():
    store = Store(*[TransactionInterrupted("deadlock")] * 4)
    with pytest.raises(TransactionInterrupted):
        store.harmless()
    assert store.calls == 4


@pytest.mark.parametrize("failure", [StoreUnavailable("refused"), CommitUnknown("lost"), ValueError("bug")])
def test_nothing_else_is_tried_again(failure):
    store = Store(failure)
    with pytest.raises(type(failure)):
        store.careful()
    assert (store.calls, store.clock.slept_ms) == (1, [])


def test_a_lost_commit_is_tried_again_where_twice_is_harmless():
    store = Store(CommitUnknown("lost"))
    assert store.harmless() == "done"


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("timeout expired", TransactionInterrupted),
        ("could not send data to server: Broken pipe", TransactionInterrupted),
        ("could not receive data from server: Connection reset by peer", TransactionInterrupted),
        ("server closed the connection unexpectedly\n\tmore", TransactionInterrupted),
        ("FATAL:  sorry, too many clients already", TransactionInterrupted),
        ("connection refused", StoreUnavailable),
        ('password authentication failed for user "arb"', StoreUnavailable),
    ],
)
def test_which_failures_pass_by_themselves(words, kind):
    with pytest.raises(StoreUnavailable) as caught, translated():
        raise OperationalError("SELECT 1", {}, psycopg2.OperationalError(words))
    assert type(caught.value) is kind


@pytest.fixture
def engine(database_url):
    made = make_engine(database_url)
    yield made
    made.dispose()


@pytest.fixture
def lost_commits(engine, monkeypatch):
    """Make the next commits happen, and their answers get lost."""
    from sqlalchemy.engine import Connection

    commit, left = Connection.commit, [0]

    def lose(connection):
        commit(connection)
        if left[0]:
            left[0] -= 1
            raise OperationalError("COMMIT", {}, psycopg2.OperationalError("server closed the connection"))

    monkeypatch.setattr(Connection, "commit", lose)
    return left


@pytest.fixture
def session(engine):
    made = world.session()
    SqlSessionStore(engine).create(made)
    for entry in world.openings(made.session_id):
        SqlTradeStore(engine).book_entry(made.session_id, entry, world.NOW_NS)
    return made


@pytest.mark.integration
def test_a_trade_whose_commit_was_lost_is_opened_once(engine, session, lost_commits):
    trades, opened = SqlTradeStore(engine), world.opening(session.session_id)
    lost_commits[0] = 1
    limits = world.with_limits(trades_open_per_coin_max=1)
    verdict = trades.open_trade(opened.proposal, opened.orders, limits, world.NOW_NS)
    assert isinstance(verdict, Approved)
    assert len(trades.active(session.session_id)) == 1


@pytest.mark.integration
def test_a_claim_whose_commit_was_lost_is_nobodys(engine, session, lost_commits):
    """Its order stays SUBMITTED and is asked about; nobody sends it on a guess."""
    trades, opened = SqlTradeStore(engine), world.opening(session.session_id)
    opening.open_trade(engine, opened.proposal, opened.orders, world.LIMITS, world.NOW_NS)
    order = opened.on(Venue.UPBIT)
    lost_commits[0] = 1
    with pytest.raises(CommitUnknown):
        trades.claim(order.client_order_id, world.NOW_NS)
    assert trades.claim(order.client_order_id, world.NOW_NS) is None
    assert trades.order(order.client_order_id).state == "submitted"


@pytest.mark.integration
def test_a_change_of_mode_whose_commit_was_lost_is_made_once(engine, session, lost_commits):
    sessions = SqlSessionStore(engine)
    lost_commits[0] = 1
    assert sessions.change_mode(session, Mode.HALTED, "starting", world.NOW_NS + 1)
    assert sessions.get(session.session_id).mode_reason == "starting"


@pytest.mark.integration
def test_a_report_whose_commit_was_lost_is_booked_once(engine, session, lost_commits):
    trades, opened = SqlTradeStore(engine), world.opening(session.session_id)
    opening.open_trade(engine, opened.proposal, opened.orders, world.LIMITS, world.NOW_NS)
    order = trades.claim(opened.on(Venue.UPBIT).client_order_id, world.NOW_NS)
    before = trades.balances(session.session_id)
    lost_commits[0] = 1
    recorded = trades.record(world.filled(order), world.NOW_NS)
    assert recorded.state == "filled"
    assert (
        trades.balances(session.session_id)[Venue.UPBIT, "BTC"] == before[Venue.UPBIT, "BTC"] - order.quantity
    )


@pytest.fixture
def lost_answers(engine):
    """Lose the answer to that many statements that commit themselves."""
    left = [0]

    def lose(_connection, _cursor, statement, *_):
        if left[0] and statement.startswith("EXECUTE"):
            left[0] -= 1
            raise psycopg2.OperationalError("server closed the connection")

    event.listen(engine, "after_cursor_execute", lose)
    yield left
    event.remove(engine, "after_cursor_execute", lose)


@pytest.mark.integration
def test_a_report_whose_answer_was_lost_is_booked_once(engine, session, lost_answers):
    trades, opened = SqlTradeStore(engine), world.opening(session.session_id)
    opening.open_trade(engine, opened.proposal, opened.orders, world.LIMITS, world.NOW_NS)
    order = trades.claim(opened.on(Venue.UPBIT).client_order_id, world.NOW_NS)
    before = trades.balances(session.session_id)
    lost_answers[0] = 1
    recorded = trades.record(world.filled(order), world.NOW_NS, order)
    assert (recorded.state, lost_answers) == ("filled", [0])
    assert (
        trades.balances(session.session_id)[Venue.UPBIT, "BTC"] == before[Venue.UPBIT, "BTC"] - order.quantity
    )


@pytest.mark.integration
def test_a_change_of_a_trade_whose_answer_was_lost_is_not_made_twice(engine, session, lost_answers):
    trades, opened = SqlTradeStore(engine), world.opening(session.session_id)
    opening.open_trade(engine, opened.proposal, opened.orders, world.LIMITS, world.NOW_NS)
    lost_answers[0] = 1
    with pytest.raises(CommitUnknown):
        trades.add_orders(opened.trade, ())
    assert trades.view(opened.trade.trade_id).trade.version == opened.trade.version + 1


@pytest.mark.integration
def test_a_statement_that_the_server_gave_up_changed_nothing_and_is_tried_again(engine):
    with pytest.raises(TransactionInterrupted) as caught, at_once(engine) as connection:
        connection.execute(text("DO $$ BEGIN RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01'; END $$"))
    assert not isinstance(caught.value, CommitUnknown)


@pytest.mark.integration
def test_a_statement_that_takes_too_long_is_given_up(engine):
    with pytest.raises(TransactionInterrupted), transaction(engine) as connection:
        connection.execute(text("SET LOCAL statement_timeout = 50"))
        connection.execute(text("SELECT pg_sleep(1)"))
