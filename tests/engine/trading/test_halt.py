"""A halt replaces what ends by itself, and keeps what a person has to lift."""

import pytest

from arb.domain.errors import Fatal
from arb.domain.market.ids import Venue, client_order_id, trade_id
from arb.domain.risk.mode import PASSING, Cause, reason_text
from arb.domain.risk.review import Mode
from arb.engine.trading.halt import halt
from tests.engine.ledger.test_reconcile import foreign
from tests.engine.town import SESSION, Town


@pytest.fixture
def town():
    return Town()


def stand(town, mode, reason):
    town.sessions.set_mode(SESSION, mode, reason, town.clock.now_ns())


def stands(town):
    session = town.sessions.get(SESSION)
    return session.mode, session.mode_reason


@pytest.mark.parametrize("reason", sorted(map(reason_text, PASSING)))
def test_a_halt_outlasts_one_that_passes(town, reason):
    stand(town, Mode.HALTED, reason)
    halt(town.sessions, SESSION, "watchdog: beat_age_ms of beat", 1)
    assert stands(town) == (Mode.HALTED, "watchdog: beat_age_ms of beat")


@pytest.mark.parametrize(
    "reason", [f"{reason_text(Cause.KILLED)}storm", "by hand", "watchdog: ws_lag_ms of upbit"]
)
def test_a_halt_that_stays_keeps_its_reason(town, reason):
    stand(town, Mode.HALTED, reason)
    town.drain.begin(reason_text(Cause.STOPPING))
    assert stands(town) == (Mode.HALTED, reason)


def test_an_order_without_an_intent_that_a_start_finds_halts_for_longer_than_the_start(town):
    stand(town, Mode.HALTED, reason_text(Cause.STARTING))
    town.venues[Venue.BINANCE].listed = [foreign(client_order_id(trade_id(5, 5), Venue.BINANCE, 1))]
    town.reconcile.run()
    assert stands(town)[1].startswith("order_without_intent")


def test_keys_that_a_venue_revokes_do_not_hide_a_kill(town):
    town.premium(60)
    assert town.evaluate_now() == 1
    stand(town, Mode.HALTED, f"{reason_text(Cause.KILLED)}storm")

    def revoked(_order):
        raise Fatal("binance: key revoked")

    for venue in town.venues.values():
        venue.place = revoked
    town.run_one()
    assert stands(town) == (Mode.HALTED, f"{reason_text(Cause.KILLED)}storm")
    assert [alert.kind for _, alert in town.tables.alerts] == ["venue_fatal"]
