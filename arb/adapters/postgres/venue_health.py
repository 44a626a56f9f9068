"""`arb.engine.trading.stability.VenueHealthStore` in PostgreSQL."""

from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Engine,
    Row,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import array, insert

from arb.adapters.postgres.engine import asking, transaction
from arb.adapters.postgres.prepared import Prepared
from arb.adapters.postgres.retry import Retry, harmless_twice
from arb.adapters.postgres.rows import TRIAL
from arb.adapters.postgres.session_accounts import shared
from arb.adapters.postgres.tables import fills, order_events, orders, trades, venue_pauses
from arb.domain.market.ids import Coin, SessionId, TradeId, Venue
from arb.domain.market.pair import Direction
from arb.domain.risk.review import COIN
from arb.domain.risk.stability import (
    FAILURES,
    NEWEST,
    TROUBLES,
    Answer,
    Answers,
    VenueRecord,
    answers_of,
)
from arb.domain.risk.unfilled import EntryLeg, EntryPair
from arb.domain.time import NS_MAX
from arb.domain.trading.order import OrderEvent, OrderState, Purpose

TROUBLE: Final = order_events.c.event.in_(sorted(event.value for event in TROUBLES))
SCOPES: Final = (COIN, *(venue.value for venue in Venue))
LEVELS: Final = [trades.c.decided_on[f"{TRIAL}{scope}"].astext.label(f"{TRIAL}{scope}") for scope in SCOPES]
FAILURE: Final = or_(
    order_events.c.event.in_(sorted(event.value for event in FAILURES)),
    and_(  # given up unsent
        order_events.c.event == OrderEvent.EXPIRE.value,
        order_events.c.from_state == OrderState.SUBMITTED.value,
    ),
)
CLAIM: Final = order_events.c.event == OrderEvent.CLAIM.value
SESSION: Final[BindParameter[str]] = bindparam("session_id")
# Until when each venue is left alone: it asked the account, whichever session heard of it.
PAUSED: Final = (
    select(literal("paused").label("part"), venue_pauses.c.venue.label("venue"),
           func.max(venue_pauses.c.until_ns).label("until_ns"), literal(0).label("claims"),
           literal(0).label("troubles"), literal(0).label("last_trouble_ns"))
    .where(or_(venue_pauses.c.session_id == SESSION,
               tuple_(venue_pauses.c.session_id, venue_pauses.c.venue).in_(shared(SESSION))))
    .group_by(venue_pauses.c.venue)
)  # fmt: skip
COUNTED: Final = (
    select(literal("counted"), orders.c.venue, literal(0), func.count().filter(CLAIM),
           func.count().filter(TROUBLE), func.max(order_events.c.at_ns).filter(TROUBLE))
    .join(order_events, order_events.c.client_order_id == orders.c.client_order_id)
    .where(orders.c.session_id == SESSION, orders.c.created_at_ns.between(
        bindparam("since_ns", type_=BigInteger) + 1, NS_MAX))
    .group_by(orders.c.venue)
)  # fmt: skip
RECORDS: Final = Prepared(
    "arb_venue_records", union_all(PAUSED, COUNTED), {"session_id": "text", "since_ns": "bigint"}
)
AT: Final = select(func.unnest(array([venue.value for venue in Venue])).label("venue")).subquery("at")
NEWEST_AT: Final = (
    select(orders.c.client_order_id, orders.c.venue, orders.c.trade_id, orders.c.created_at_ns,
           orders.c.state, orders.c.purpose, orders.c.venue_order_id)
    .where(orders.c.session_id == SESSION, orders.c.venue == AT.c.venue)
    .order_by(orders.c.created_at_ns.desc())
    .limit(NEWEST)
    .lateral("newest")
)  # fmt: skip
FAILED_AT_NS: Final = (
    select(func.max(order_events.c.at_ns))
    .where(order_events.c.client_order_id == NEWEST_AT.c.client_order_id, FAILURE)
    .scalar_subquery()
)
ANSWERS: Final = Prepared(
    "arb_venue_answers",
    select(*NEWEST_AT.c, FAILED_AT_NS.label("failed_at_ns")).select_from(AT).join(NEWEST_AT, true()),
    {"session_id": "text"},
)


@dataclass(frozen=True, slots=True)
class SqlVenueHealth:
    """What became of recent claims, by venue, and pauses that venues asked for."""

    engine: Engine
    retry: Retry = field(default_factory=Retry)

    def pause(self, session_id: SessionId, venue: Venue, until_ns: int, reason: str) -> None:
        values = {"session_id": session_id, "venue": venue.value, "until_ns": until_ns, "reason": reason}
        written = insert(venue_pauses).values(values)
        longer = written.on_conflict_do_update(
            index_elements=["session_id", "venue"],
            set_={"until_ns": written.excluded.until_ns, "reason": written.excluded.reason},
            where=venue_pauses.c.until_ns < written.excluded.until_ns,
        )
        with transaction(self.engine) as connection:
            connection.execute(longer)

    @harmless_twice
    def records(self, session_id: SessionId, since_ns: int) -> dict[Venue, VenueRecord]:
        with asking(self.engine) as connection:
            rows = RECORDS.execute(connection, {"session_id": session_id, "since_ns": since_ns}).all()
        paused = {row.venue: row.until_ns for row in rows if row.part == "paused"}
        counted = {row.venue: row for row in rows if row.part == "counted"}
        return {venue: _record(counted.get(venue), paused.get(venue, 0)) for venue in Venue}

    @harmless_twice
    def answers(self, session_id: SessionId, since_ns: int) -> dict[Venue, Answers]:
        newest: dict[Venue, list[Answer]] = {venue: [] for venue in Venue}
        with asking(self.engine) as connection:
            for row in ANSWERS.execute(connection, {"session_id": session_id}):
                newest[Venue(row.venue)].append(_answer(row))
        return {venue: answers_of(found, since_ns) for venue, found in newest.items()}

    @harmless_twice
    def entries(
        self, session_id: SessionId, opened_after_ns: int, changed_after_ns: int
    ) -> tuple[EntryPair, ...]:
        with asking(self.engine) as connection:
            rows = connection.execute(_entry_legs(session_id, opened_after_ns, changed_after_ns)).all()
        return tuple(_pair(list(legs)) for _, legs in groupby(rows, key=lambda row: row.trade_id))


def _record(counted: Row[Any] | None, paused_until_ns: int) -> VenueRecord:
    if counted is None:
        return VenueRecord(paused_until_ns=paused_until_ns)
    return VenueRecord(
        claims=counted.claims,
        troubles=counted.troubles,
        last_trouble_ns=counted.last_trouble_ns or 0,
        paused_until_ns=paused_until_ns,
    )


def _answer(row: Row[Any]) -> Answer:
    return Answer.of(
        trade_id=TradeId(row.trade_id),
        created_at_ns=row.created_at_ns,
        state=OrderState(row.state),
        purpose=Purpose(row.purpose),
        is_known=row.venue_order_id is not None,
        failed_at_ns=row.failed_at_ns or 0,
    )


def _entry_legs(session_id: SessionId, opened_after_ns: int, changed_after_ns: int) -> Select[Any]:
    changed = select(orders.c.trade_id).where(
        orders.c.session_id == session_id,
        orders.c.changed_at_ns > changed_after_ns,
        orders.c.purpose == Purpose.ENTRY.value,
    )
    executed = (
        select(func.coalesce(func.sum(fills.c.quantity), 0))
        .where(fills.c.client_order_id == orders.c.client_order_id)
        .scalar_subquery()
    )
    filled = case((orders.c.state == OrderState.FILLED.value, orders.c.quantity), else_=executed)
    return (
        select(
            trades.c.trade_id, trades.c.coin, trades.c.direction, trades.c.opened_at_ns, *LEVELS,
            orders.c.venue, orders.c.state, orders.c.quantity, orders.c.attempts, orders.c.expires_at_ns,
            orders.c.changed_at_ns, orders.c.reason, filled.label("filled"),
        )
        .join(orders, orders.c.trade_id == trades.c.trade_id)
        .where(
            trades.c.session_id == session_id,
            trades.c.opened_at_ns > opened_after_ns,
            trades.c.trade_id.in_(changed),
            orders.c.purpose == Purpose.ENTRY.value,
        )
        .order_by(trades.c.opened_at_ns, trades.c.trade_id, orders.c.venue)
    )  # fmt: skip


def _pair(rows: list[Row[Any]]) -> EntryPair:
    trade = rows[0]
    return EntryPair(
        trade_id=TradeId(trade.trade_id),
        coin=Coin(trade.coin),
        direction=Direction(trade.direction),
        opened_at_ns=trade.opened_at_ns,
        legs=tuple(
            EntryLeg(
                venue=Venue(row.venue),
                state=OrderState(row.state),
                filled_share=row.filled / row.quantity,
                attempts=row.attempts,
                expires_at_ns=row.expires_at_ns,
                changed_at_ns=row.changed_at_ns,
                reason=row.reason,
            )
            for row in rows
        ),
        trial={
            scope: int(level) for scope in SCOPES if (level := getattr(trade, f"{TRIAL}{scope}")) is not None
        },
    )
