"""What is of another mode or account than the session, or went from there to its venues, is found."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from arb.check.checkers import check
from arb.check.history import BookedEntry, Invariant, Strangers
from arb.domain.ledger.ledger import EntryKind, move
from arb.domain.market.ids import SessionId, TradeId
from arb.domain.state.owner import Owner
from tests.check.histories import SESSION, Told, changed, story
from tests.contracts import world

RULE = Invariant.MODES_NEVER_TOUCH
PAPER, OTHER = Owner(environment="paper"), Owner(environment="mock", accounts=world.accounts("ours"))
Fault = Callable[[Told], Told]


def broken(told: Told) -> set[Invariant]:
    """Return the invariants that do not hold."""
    return {each.invariant for each in check(told.engine, told.venues).violations}


def named(told: Told) -> Told:
    """Return the story on a server that others share, with the name of an account everywhere."""
    session = replace(told.engine.session, accounts=world.accounts("mine"))
    owners = {session.session_id: session.owner, SessionId("p"): PAPER, SessionId("o"): OTHER}
    return told.with_engine(
        session=session,
        strangers=Strangers(owners=owners),
        events=tuple(replace(each, actor="mock:binance=mine,upbit=mine") for each in told.engine.events),
        fills=tuple(replace(each, owner=session.owner) for each in told.engine.fills),
    )


def step_by(actor: str) -> Fault:
    def fault(told: Told) -> Told:
        return told.with_engine(events=changed(told.engine.events, 1, actor=actor))

    return fault


def fill_kept_under(owner: Owner) -> Fault:
    def fault(told: Told) -> Told:
        return told.with_engine(fills=changed(told.engine.fills, 0, owner=owner))

    return fault


def paper_order_at_the_venue(told: Told) -> Told:
    """The row is of a paper session, and a real venue has the order."""
    placed = replace(told.venues.orders[0], client_id="a1-0000000000000000-u1")
    strangers = replace(told.engine.strangers, orders={placed.client_id: PAPER})
    return told.with_engine(strangers=strangers).with_venues(orders=(*told.venues.orders, placed))


def foreign_fill_under_our_name(told: Told) -> Told:
    key = told.engine.fills[0].key
    return told.with_engine(strangers=replace(told.engine.strangers, fills={key: PAPER}))


def order_of_another_sessions_trade(told: Told) -> Told:
    return told.with_order(0, trade_id=TradeId("of-another"))


def trade_of_another_session(told: Told) -> Told:
    return told.with_trade(0, session_id=SessionId("p"))


def moves_of(other: str) -> Fault:
    def fault(told: Told) -> Told:
        key = f"takeover:{SESSION.session_id}:{other}:7"
        postings = move("other_sessions", "venue:upbit", "KRW", told.engine.orders[0].quantity)
        entry = BookedEntry(entry_id=99, key=key, kind=EntryKind.ADJUSTMENT, postings=postings)
        return told.with_engine(entries=(*told.engine.entries, entry))

    return fault


FAULTS: list[Fault] = [
    step_by("paper:"),
    step_by("live:mine"),
    step_by("mock:ours"),
    step_by("mock:binance=mine,upbit=ours"),
    fill_kept_under(PAPER),
    fill_kept_under(OTHER),
    paper_order_at_the_venue,
    foreign_fill_under_our_name,
    order_of_another_sessions_trade,
    trade_of_another_session,
    moves_of("p"),
    moves_of("o"),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_what_touches_another_mode_or_account_is_found(fault: Fault) -> None:
    assert broken(named(story())) == set()
    assert RULE in broken(fault(named(story())))


def test_a_process_from_before_accounts_were_kept_may_have_written() -> None:
    assert broken(step_by("mock:")(named(story()))) == set()
    assert broken(step_by("")(named(story()))) == set()
