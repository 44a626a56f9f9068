"""No worker acts for a session that is not of its own mode, account and environment.

DESIGN section 3, rule 9, whatever shares a server with it. Every step of an order says whose process took it,
every fill under whose name it is kept, and the venues which orders reached them.
"""

from collections.abc import Iterator
from typing import Final

from arb.check.history import EngineHistory, Invariant, VenueHistory, Violation
from arb.domain.market.ids import SessionId
from arb.domain.state.owner import Owner, in_words, parse_owner

TAKEOVER: Final = "takeover:"  # :this session:the other one:up to which entry


def modes_never_touch(engine: EngineHistory, venues: VenueHistory | None) -> tuple[Violation, ...]:
    """Return what a session has of another mode or account, and what went to its venues from there."""
    rows = [*_steps(engine), *_fills(engine), *_trades(engine), *_moves(engine)]
    if venues is not None:
        rows += _sent(engine, venues)
    return tuple(Violation(Invariant.MODES_NEVER_TOUCH, row, message) for row, message in rows)


def _steps(engine: EngineHistory) -> Iterator[tuple[str, str]]:
    session = engine.session
    for event in engine.events:
        actor = parse_owner(event.actor, session.accounts).today(engine.strangers.names)
        if event.actor and not actor.may_touch(session.owner):
            message = f"event {event.seq} ({event.event}) was written by a process of {_name(actor)}"
            yield f"order {event.client_order_id}", message


def _fills(engine: EngineHistory) -> Iterator[tuple[str, str]]:
    for booked in engine.fills:
        if booked.owner is not None and not engine.session.owner.may_touch(booked.owner):
            yield str(booked.key), f"of this session is kept under the name of {_name(booked.owner)}"
    for key, owner in engine.strangers.fills.items():
        yield str(key), f"is kept under this session's name, and its order is of {_name(owner)}"


def _trades(engine: EngineHistory) -> Iterator[tuple[str, str]]:
    known = {trade.trade_id for trade in engine.trades}
    for order in engine.orders:
        if order.trade_id not in known:
            row = f"order {order.client_order_id}"
            yield row, f"belongs to trade {order.trade_id}, which is of another session"
    for trade in engine.trades:
        if trade.session_id != engine.session.session_id:
            yield f"trade {trade.trade_id}", f"is of session {trade.session_id}"


def _moves(engine: EngineHistory) -> Iterator[tuple[str, str]]:
    """Yield what was booked here of sessions that trade with other money."""
    for entry in engine.entries:
        if not entry.key.startswith(TAKEOVER):
            continue
        source = next(
            (each for each in engine.strangers.owners if f":{each}:" in entry.key.removeprefix(TAKEOVER)),
            None,
        )
        owner = engine.strangers.owners.get(SessionId(source or ""))
        if owner is not None and not owner.may_touch(engine.session.owner):
            row = f"entry {entry.entry_id} {entry.key}"
            yield row, f"books here what a session of {_name(owner)} moved"


def _sent(engine: EngineHistory, venues: VenueHistory) -> Iterator[tuple[str, str]]:
    for placed in venues.orders:
        owner = engine.strangers.orders.get(placed.client_id)
        if owner is not None:
            yield (
                f"order {placed.client_id}",
                f"is of {_name(owner)}, and {placed.venue} of this session has it",
            )


def _name(owner: Owner) -> str:
    return f"{owner.environment} ({in_words(owner.accounts) or 'no account'})"
