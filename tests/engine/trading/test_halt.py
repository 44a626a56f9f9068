"""A halt replaces what ends by itself, and keeps what a person has to lift."""

import pytest

from arb.domain.errors import Fatal
from arb.domain.market.ids import Venue, client_order_id, trade_id
from arb.domain.risk.mode import PASSING, Cause, reason_text
from arb.domain.risk.review import Mode
from arb.engine.trading.halt import halt
from tests.engine.ledger.test_reconcile import foreign
from tests.engine.testbed import SESSION, EngineTestbed


@pytest.fixture
def testbed():
    return EngineTestbed()


def stand(testbed, mode, reason):
    testbed.sessions.set_mode(SESSION, mode, reason, testbed.clock.now_ns())


def stands(testbed):
    session = testbed.sessions.get(SESSION)
    return session.mode, session.mode_reason


@pytest.mark.parametrize("reason", sorted(map(reason_text, PASSING)))
def test_a_halt_outlasts_one_that_passes(testbed, reason):
    stand(testbed, Mode.HALTED, reason)
    halt(testbed.sessions, SESSION, "watchdog: beat_age_ms of beat", 1)
    assert stands(testbed) == (Mode.HALTED, "watchdog: beat_age_ms of beat")


@pytest.mark.parametrize(
    "reason", [f"{reason_text(Cause.KILLED)}storm", "by hand", "watchdog: ws_lag_ms of upbit"]
)
def test_a_halt_that_stays_keeps_its_reason(testbed, reason):
    stand(testbed, Mode.HALTED, reason)
    testbed.drain.begin(reason_text(Cause.STOPPING))
    assert stands(testbed) == (Mode.HALTED, reason)


def test_an_order_without_an_intent_that_a_start_finds_halts_for_longer_than_the_start(testbed):
    stand(testbed, Mode.HALTED, reason_text(Cause.STARTING))
    testbed.venues[Venue.BINANCE].listed = [foreign(client_order_id(trade_id(5, 5), Venue.BINANCE, 1))]
    testbed.reconcile.run()
    assert stands(testbed)[1].startswith("order_without_intent")


def test_keys_that_a_venue_revokes_do_not_hide_a_kill(testbed):
    testbed.premium(60)
    assert testbed.evaluate_now() == 1
    stand(testbed, Mode.HALTED, f"{reason_text(Cause.KILLED)}storm")

    def revoked(_order):
        raise Fatal("binance: key revoked")

    for venue in testbed.venues.values():
        venue.place = revoked
    testbed.run_one()
    assert stands(testbed) == (Mode.HALTED, f"{reason_text(Cause.KILLED)}storm")
    assert [alert.kind for _, alert in testbed.tables.alerts] == ["venue_fatal"]
