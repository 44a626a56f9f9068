"""What a database keeps of its sessions, of whichever mode and group: for reading it without a stack."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, func, select, text

from arb.adapters.postgres.engine import reading
from arb.adapters.postgres.failures import OtherSchema
from arb.adapters.postgres.ledger import OWN
from arb.adapters.postgres.rows import session_of
from arb.adapters.postgres.session_accounts import NAMED
from arb.adapters.postgres.tables import ledger_entries, ledger_postings, mode_changes, sessions, trades
from arb.domain.errors import ConfigError
from arb.domain.market.ids import SessionId, Venue
from arb.domain.time import Span
from arb.ports.trading import Session

VERSIONS: Final = Path(__file__).parents[3] / "migrations" / "versions"  # each named by its revision
BY_AGE: Final = (sessions.c.started_at_ns.desc(), sessions.c.session_id.desc())


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSession:
    """A session with the span of what it left: until the last trade or mode that changed."""

    session: Session
    is_in_use: bool  # of its mode and group
    changed_at_ns: int
    trades: int
    trades_ended: int
    pnl_krw: Decimal  # of those that ended


@dataclass(frozen=True, slots=True)
class SqlKept:
    """Reads of everything; each raises StoreUnavailable."""

    engine: Engine

    def require_schema(self, mend: str) -> None:
        """Return if the database has the schema that this version reads; a read migrates nothing.

        Raises: ConfigError with the command that does, `mend`.
        """
        known = sorted(path.name.partition("_")[0] for path in VERSIONS.glob("0*.py"))
        found, wanted = self._revision(), known[-1]
        if found == wanted:
            return
        if found is None:
            raise ConfigError(f"this database has no tables of arb yet; {mend} makes them")
        if found not in known:
            raise ConfigError(f"this database was written by a newer version of arb ({found}); update arb")
        raise ConfigError(
            f"this database has schema {found}, this version reads {wanted}: {mend} migrates it"
        )

    def _revision(self) -> str | None:
        try:
            with reading(self.engine) as connection:
                return connection.execute(
                    text("SELECT version_num FROM alembic_version")
                ).scalar_one_or_none()
        except OtherSchema:
            return None

    def sessions(self) -> tuple[KeptSession, ...]:
        """Return every session, the newest first."""
        ended = trades.c.closed_at_ns > 0
        traded = (
            select(
                trades.c.session_id,
                func.count().label("number"),
                func.count().filter(ended).label("ended"),
                func.coalesce(func.sum(trades.c.pnl_krw).filter(ended), 0).label("pnl_krw"),
                func.max(trades.c.updated_at_ns).label("changed_at_ns"),
            )
            .group_by(trades.c.session_id)
            .subquery()
        )
        changed = (
            select(mode_changes.c.session_id, func.max(mode_changes.c.at_ns).label("at_ns"))
            .group_by(mode_changes.c.session_id)
            .subquery()
        )
        wanted = (
            select(
                sessions,
                NAMED,
                traded.c.number,
                traded.c.ended,
                traded.c.pnl_krw,
                func.greatest(sessions.c.started_at_ns, changed.c.at_ns, traded.c.changed_at_ns).label(
                    "last_ns"
                ),
            )
            .outerjoin(traded, traded.c.session_id == sessions.c.session_id)
            .outerjoin(changed, changed.c.session_id == sessions.c.session_id)
            .order_by(*BY_AGE)
        )
        in_use: set[tuple[str, str]] = set()
        found = []
        with reading(self.engine) as connection:
            for row in connection.execute(wanted):
                place = (row.environment, row.group_name)
                is_in_use = row.set_aside_at_ns == 0 and place not in in_use
                if is_in_use:
                    in_use.add(place)
                found.append(
                    KeptSession(
                        session=session_of(row),
                        is_in_use=is_in_use,
                        changed_at_ns=row.last_ns,
                        trades=row.number or 0,
                        trades_ended=row.ended or 0,
                        pnl_krw=row.pnl_krw or Decimal(0),
                    )
                )
        return tuple(found)

    def balances(self, session_id: SessionId, span: Span) -> dict[tuple[Venue, str], tuple[Decimal, Decimal]]:
        """Return what each venue should have held at the end of a span, and what of it came in the span."""
        within = ledger_entries.c.at_ns >= span.from_ns
        summed = (
            select(
                ledger_postings.c.account,
                ledger_postings.c.asset,
                func.sum(ledger_postings.c.amount).label("total"),
                func.coalesce(func.sum(ledger_postings.c.amount).filter(within), 0).label("change"),
            )
            .join(ledger_entries, ledger_entries.c.entry_id == ledger_postings.c.entry_id)
            .where(
                ledger_entries.c.session_id == session_id,
                ledger_entries.c.at_ns <= span.to_ns,
                ledger_postings.c.account.in_(OWN),
            )
            .group_by(ledger_postings.c.account, ledger_postings.c.asset)
        )
        with reading(self.engine) as connection:
            rows: Sequence[object] = connection.execute(summed).all()
        return {(OWN[row.account], row.asset): (row.total, row.change) for row in rows}  # type: ignore[attr-defined]
