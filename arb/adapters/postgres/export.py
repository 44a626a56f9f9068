"""What a session traded as rows for elsewhere, read in pieces from one view of one moment.

A server-side cursor brings them, so that memory does not grow with the history. Archived rows are in it like
all others. A trade is in a span where it ended, one that has not where it began; a fill where its venue
says that it was executed, a ledger entry where it was booked.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Engine, Select, String, case, cast, func, literal, null, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.sql.selectable import LateralFromClause

from arb.adapters.postgres.engine import reading
from arb.adapters.postgres.report import CURRENCY, trades_in
from arb.adapters.postgres.tables import fills, ledger_entries, ledger_postings, orders, sessions, trades
from arb.domain.ledger.ledger import opening_key
from arb.domain.market.ids import SessionId, Venue
from arb.domain.market.pair import IN_ONE_CURRENCY
from arb.domain.time import Span

AT_ONCE: Final = 1_000
BASE: Final = func.split_part(fills.c.symbol, "/", 1)
RATE: Final = func.nullif(trades.c.valued_krw_per_usdt, 0)
SHOWN_RATE: Final = case((trades.c.direction.in_(IN_ONE_CURRENCY), null()), else_=RATE)
BASE_KRW: Final = func.nullif(trades.c.valued_base_krw, 0)
TO_KRW: Final = case((CURRENCY == "KRW", 1), else_=RATE)  # of what a fill is quoted in
# A fee of its own currency at the rate, of the coin at the fill's price, of a third asset as it was valued.
FEE_KRW: Final = case(
    (fills.c.fee == 0, 0),
    (fills.c.fee_asset == CURRENCY, fills.c.fee * TO_KRW),
    (fills.c.fee_asset == BASE, fills.c.fee * fills.c.price * TO_KRW),
    else_=fills.c.fee_in_quote * TO_KRW,
)
SIGN: Final = case((orders.c.side == "buy", 1), else_=-1)


@dataclass(frozen=True, slots=True)
class SqlExport:
    """Reads the rows of one session and span."""

    engine: Engine
    session_id: SessionId
    span: Span

    @contextmanager
    def rows(self, what: str) -> Iterator[tuple[list[str], Iterator[Sequence[Any]]]]:
        """Yield the columns and the rows of `trades`, `fills`, `ledger` or `pnl`, oldest first.

        Raises: StoreUnavailable.
        """
        with reading(self.engine) as connection:
            wanted = self._query(what, connection)
            found = connection.execution_options(yield_per=AT_ONCE).execute(wanted)
            yield list(found.keys()), (tuple(row) for row in found)

    def _query(self, what: str, connection: Connection) -> Select[Any]:
        if what == "trades":
            return _trades(self.session_id, self.span, _venues(self.session_id, connection))
        return QUERIES[what](self.session_id, self.span)


def _venues(session_id: SessionId, connection: Connection) -> tuple[Venue, ...]:
    """Return where the session holds accounts."""
    openings = {opening_key(session_id, venue): venue for venue in Venue}
    wanted = select(ledger_entries.c.key).where(
        ledger_entries.c.session_id == session_id, ledger_entries.c.key.in_(openings)
    )
    booked = {openings[key] for key in connection.execute(wanted).scalars()}
    return tuple(venue for venue in Venue if venue in booked)


def _common() -> tuple[Any, ...]:
    return sessions.c.session_id, sessions.c.environment.label("mode")


def _fills(session_id: SessionId, span: Span) -> Select[Any]:
    value = fills.c.price * fills.c.quantity
    return (
        select(
            fills.c.ts_event_ns.label("at_ns"),
            *_common(),
            orders.c.trade_id,
            trades.c.coin,
            orders.c.purpose,
            fills.c.venue,
            fills.c.symbol,
            orders.c.side,
            fills.c.price,
            fills.c.quantity,
            CURRENCY.label("currency"),
            value.label("value"),
            SHOWN_RATE.label("krw_per_usdt"),
            (value * TO_KRW).label("value_krw"),
            fills.c.fee,
            fills.c.fee_asset,
            FEE_KRW.label("fee_krw"),
            fills.c.fill_id,
            fills.c.client_order_id,
            orders.c.venue_order_id,
        )
        .join(orders, orders.c.client_order_id == fills.c.client_order_id)
        .join(trades, trades.c.trade_id == orders.c.trade_id)
        .join(sessions, sessions.c.session_id == trades.c.session_id)
        .where(trades.c.session_id == session_id, fills.c.ts_event_ns.between(span.from_ns, span.to_ns))
        .order_by(fills.c.ts_event_ns, fills.c.venue, fills.c.symbol, fills.c.fill_id)
    )


def _trades(session_id: SessionId, span: Span, venues: Sequence[Venue]) -> Select[Any]:
    """One row a trade: what it bought and sold on each venue, its fees, its orders' ids there."""
    columns, fee = [(venue, _traded_at(venue)) for venue in venues], _fees()
    wanted = select(
        trades.c.opened_at_ns,
        func.nullif(trades.c.closed_at_ns, 0).label("closed_at_ns"),
        *_common(),
        trades.c.trade_id,
        trades.c.coin,
        trades.c.direction,
        trades.c.state,
        trades.c.reason,
        trades.c.kind,
        trades.c.quantity,
        trades.c.notional_krw,
        trades.c.entry_edge_bps,
        trades.c.entry_premium_bps,
        *(
            column
            for venue, ours in columns
            for column in (
                ours.c.bought.label(f"{venue.value}_base"),
                ours.c.earned.label(f"{venue.value}_quote"),
                literal(venue.quote).label(f"{venue.value}_currency"),
                ours.c.ids.label(f"{venue.value}_order_ids"),
            )
        ),
        fee.c.fees,
        fee.c.fees_krw,
        SHOWN_RATE.label("krw_per_usdt"),
        BASE_KRW.label("krw_per_coin"),
        trades.c.residual,
        case((trades.c.closed_at_ns > 0, trades.c.pnl_krw), else_=null()).label("pnl_krw"),
    ).join(sessions, sessions.c.session_id == trades.c.session_id)
    for _, ours in columns:
        wanted = wanted.outerjoin(ours, literal(True))
    return (
        wanted.outerjoin(fee, literal(True))
        .where(trades_in(session_id, span))
        .order_by(trades.c.opened_at_ns, trades.c.trade_id)
    )


def _traded_at(venue: Venue) -> LateralFromClause:
    """Return what a trade bought and got at a venue, and its orders' ids there."""
    return (
        select(
            func.sum(SIGN * fills.c.quantity).label("bought"),
            func.sum(-SIGN * fills.c.quantity * fills.c.price).label("earned"),
            func.string_agg(func.distinct(orders.c.venue_order_id), literal(" ")).label("ids"),
        )
        .join(orders, orders.c.client_order_id == fills.c.client_order_id)
        .where(orders.c.trade_id == trades.c.trade_id, orders.c.venue == venue.value)
        .lateral(f"of_{venue.value}")
    )


def _fees() -> LateralFromClause:
    """Return a trade's fees by asset as one text, and in KRW where each of them is valued."""
    by_asset = (
        select(
            fills.c.fee_asset,
            func.sum(fills.c.fee).label("fee"),
            func.sum(FEE_KRW).label("krw"),
            func.bool_and(FEE_KRW.is_not(None)).label("is_valued"),
        )
        .join(orders, orders.c.client_order_id == fills.c.client_order_id)
        .where(orders.c.trade_id == trades.c.trade_id)
        .group_by(fills.c.fee_asset)
        .correlate(trades)
        .subquery()
    )
    listed = cast(by_asset.c.fee, String) + " " + by_asset.c.fee_asset
    return select(
        func.string_agg(listed, aggregate_order_by(literal("; "), by_asset.c.fee_asset)).label("fees"),
        case((func.bool_and(by_asset.c.is_valued), func.sum(by_asset.c.krw)), else_=null()).label("fees_krw"),
    ).lateral("fee")


def _ledger(session_id: SessionId, span: Span) -> Select[Any]:
    return (
        select(
            ledger_entries.c.at_ns,
            *_common(),
            ledger_entries.c.entry_id,
            ledger_postings.c.line,
            ledger_entries.c.kind,
            ledger_entries.c.key,
            ledger_postings.c.account,
            ledger_postings.c.asset,
            ledger_postings.c.amount,
        )
        .join(ledger_postings, ledger_postings.c.entry_id == ledger_entries.c.entry_id)
        .join(sessions, sessions.c.session_id == ledger_entries.c.session_id)
        .where(
            ledger_entries.c.session_id == session_id,
            ledger_entries.c.at_ns.between(span.from_ns, span.to_ns),
        )
        .order_by(ledger_entries.c.entry_id, ledger_postings.c.line)
    )


def _pnl(session_id: SessionId, span: Span) -> Select[Any]:
    """One row a trade that ended, with the profit of the session until then."""
    so_far = func.sum(trades.c.pnl_krw).over(order_by=(trades.c.closed_at_ns, trades.c.trade_id))
    return (
        select(
            trades.c.closed_at_ns.label("at_ns"),
            *_common(),
            trades.c.trade_id,
            trades.c.coin,
            trades.c.state,
            trades.c.reason,
            SHOWN_RATE.label("krw_per_usdt"),
            trades.c.pnl_krw,
            (trades.c.pnl_krw / SHOWN_RATE).label("pnl_usdt"),
            so_far.label("pnl_krw_so_far"),
        )
        .join(sessions, sessions.c.session_id == trades.c.session_id)
        .where(
            trades.c.session_id == session_id,
            trades.c.closed_at_ns > 0,
            trades.c.closed_at_ns.between(span.from_ns, span.to_ns),
        )
        .order_by(trades.c.closed_at_ns, trades.c.trade_id)
    )


QUERIES: Final[dict[str, Callable[[SessionId, Span], Select[Any]]]] = {
    "fills": _fills,
    "ledger": _ledger,
    "pnl": _pnl,
}
