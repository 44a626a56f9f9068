"""What is at risk, read in one statement, so that all of it is of the same moment.

It is prepared: to read and plan it each time would take longer than to run it.

Other sessions of the account spend from the same balances. The statement reads how far that is booked here; a
second one, after it, reads what they moved since. Money that they spend between the two counts twice, as set
aside and as spent, and at no moment not at all.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, Row, text

from arb.adapters.postgres import review_marks
from arb.adapters.postgres.at_risk import AT_RISK_NOW, CEILINGS, FREE
from arb.adapters.postgres.ledger import OWN
from arb.adapters.postgres.neighbours import Moved, moved_since
from arb.adapters.postgres.owners import refuse_foreign
from arb.adapters.postgres.prepared import Prepared
from arb.adapters.postgres.purse import LOCK
from arb.domain.errors import InvariantError
from arb.domain.market.ids import Coin, SessionId, Venue
from arb.domain.market.money import EXACT, ZERO, exact_sum
from arb.domain.market.pair import Direction
from arb.domain.risk.direction import Currencies, currencies
from arb.domain.risk.known_exposure import KnownExposure, Way
from arb.domain.risk.review import Exposure, Mode, nearest_ceilings
from arb.domain.state.owner import Owner
from arb.domain.time import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE
from arb.domain.trading.reentry import REMEMBERED_NS, Losses
from arb.domain.trading.trade import Trade, TradeState

LOCK_SESSION: Final = Prepared(
    "arb_lock_session",
    text("SELECT 1 FROM sessions WHERE session_id = :session_id FOR NO KEY UPDATE"),
    {"session_id": "text"},
)
ALONE_TO_DECIDE: Final = (LOCK, LOCK_SESSION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a decision about a trade goes by."""

    owner: Owner
    is_written: bool  # the trade that it is about is there already
    exposure: Exposure


def exposure(connection: Connection, session_id: SessionId, mode: Mode, now_ns: int) -> Exposure:
    """Return the exposure of a session and its account in a mode."""
    asked = _asked(session_id, now_ns)
    seen = _seen(connection, asked, AT_RISK_NOW.execute(connection, asked))
    return replace(seen.exposure, mode=mode)


def known(connection: Connection, session_id: SessionId, ways: Collection[Way], now_ns: int) -> KnownExposure:
    """Return the exposure without any lock, with what these coins lost in their directions.

    The mark is read before it: whoever commits by it is refused if anything came between.
    """
    mark, own_mark = review_marks.read(connection, session_id)
    asked = _asked(session_id, now_ns, ways)
    seen = _seen(connection, asked, AT_RISK_NOW.execute(connection, asked))
    refuse_foreign(connection, session_id, seen.owner)
    return KnownExposure(
        exposure=seen.exposure, mark=mark, own_mark=own_mark, ways=frozenset(ways), read_at_ns=now_ns
    )


def alone_to_decide(connection: Connection, trade: Trade, now_ns: int) -> Seen:
    """Return what a new trade is decided by, with what was lost in a row by what it proposes.

    Nobody else decides about the money of the account, or changes the session's mode and settings, until
    the transaction is over. Locked and read in one round trip: each statement sees what was committed before
    it began. References to the session are not blocked.
    """
    asked = _asked(trade.session_id, now_ns, [(trade.coin, trade.direction)]) | {"trade_id": trade.trade_id}
    return _seen(connection, asked, AT_RISK_NOW.execute(connection, asked, first=ALONE_TO_DECIDE))


def _asked(session_id: SessionId, now_ns: int, ways: Collection[Way] = ()) -> dict[str, Any]:
    day_ago_ns = max(0, now_ns - NS_PER_DAY)  # 0 marks a trade that has not ended
    return {
        "session_id": session_id,
        "trade_id": "",
        "coins": [coin for coin, _ in ways],
        "directions": [str(direction) for _, direction in ways],
        "venue": None,
        "day_since_ns": day_ago_ns + 1,
        "minute_of_day_ago": day_ago_ns // NS_PER_MINUTE,
        "next_hour": day_ago_ns // NS_PER_HOUR + 1,
        "minute_since_ns": now_ns - NS_PER_MINUTE + 1,
        "remembered_ns": max(1, now_ns - REMEMBERED_NS),
    }


def _seen(connection: Connection, asked: dict[str, Any], rows: Iterable[Row[Any]]) -> Seen:
    by_part = _by_part(rows)
    if not by_part["session"]:
        raise InvariantError(f"session {asked['session_id']} does not exist")
    (session,) = by_part["session"]
    (written,) = by_part["written"]
    owner = Owner(
        environment=session.asset, accounts={Venue(row.name): row.asset for row in by_part["accounts"]}
    )
    return Seen(
        owner=owner,
        is_written=written.number > 0,
        exposure=_nearest(connection, asked, by_part),
    )


def _nearest(
    connection: Connection,
    asked: dict[str, Any],
    by_part: Mapping[str, list[Row[Any]]],
) -> Exposure:
    (session,), (unvalued,), (killed,) = by_part["session"], by_part["unvalued"], by_part["killed"]
    free = _free(by_part, moved_since(connection, by_part["beside"]))
    found = Exposure(
        mode=Mode(session.name),
        **_ceilings(by_part),
        opened_at_ns={(Coin(row.name), Direction(row.asset)): row.number for row in by_part["opened"]},
        free={(venue.value, asset): amount for (venue, asset), amount in free.items()},
        account_killed=killed.number > 0,
        unvalued_fees=unvalued.number,
        currencies=_currencies(by_part),
        losses=_losses(by_part["lost"]),
        generation=session.number,
        paused=frozenset(Coin(row.name) for row in by_part["paused"]),
    )
    together = {row.asset: row.name for row in by_part["together"]}
    if len(together) < 2:
        return found
    at_each = [connection.execute(CEILINGS, asked | {"venue": venue}) for venue in together.values()]
    return nearest_ceilings(found, [replace(found, **_ceilings(_by_part(rows))) for rows in at_each])


def _ceilings(by_part: Mapping[str, Sequence[Row[Any]]]) -> dict[str, Any]:
    """Return what is bounded account by account."""
    (recent,) = by_part["orders"]
    return {
        "notional_by_coin_krw": {Coin(row.name): row.amount for row in by_part["trades"]},
        "trades_open_by_coin": {Coin(row.name): row.number for row in by_part["trades"]},
        "realised_today_krw": exact_sum(Decimal(row.amount) for row in by_part["realised"]),
        "loss_reserved_krw": exact_sum(Decimal(row.amount) for row in by_part["reserved"]),
        "orders_last_minute": recent.number,
    }


def _currencies(by_part: Mapping[str, Sequence[Row[Any]]]) -> Currencies:
    return currencies(
        [(Direction(row.name), TradeState(row.asset), row.amount) for row in by_part["direction"]],
        {row.asset: row.amount for row in by_part["taken_in"]},
    )


def _losses(rows: Iterable[Row[Any]]) -> dict[Way, Losses]:
    return {
        (Coin(row.name), Direction(row.asset)): Losses(in_a_row=int(row.amount), newest_ns=row.number)
        for row in rows
    }


def free_balances(connection: Connection, session_id: SessionId) -> dict[tuple[Venue, str], Decimal]:
    """Return what each venue's balances leave free, at one moment."""
    by_part = _by_part(connection.execute(FREE, {"session_id": session_id}))
    return _free(by_part, moved_since(connection, by_part["beside"]))


def _by_part(rows: Iterable[Row[Any]]) -> dict[str, list[Row[Any]]]:
    by_part: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        by_part[row.part].append(row)
    return by_part


def _free(by_part: Mapping[str, list[Row[Any]]], moved: Moved) -> dict[tuple[Venue, str], Decimal]:
    held = by_part["balances"]
    free: dict[tuple[Venue, str], Decimal] = {(OWN[row.name], row.asset): row.amount for row in held}
    for row in by_part["holds"]:
        key = (Venue(row.name), row.asset)
        free[key] = EXACT.subtract(free.get(key, ZERO), row.amount)
    for key, amount in moved.items():
        free[key] = EXACT.add(free.get(key, ZERO), amount)
    return free
