"""One session as its rows tell of it, whether its stack runs or not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine as Database

from arb.adapters.postgres.kept import KeptSession
from arb.adapters.postgres.performance import SqlPerformance
from arb.adapters.postgres.report import SqlReportStore
from arb.adapters.postgres.trades import SqlTradeStore
from arb.domain.errors import ConfigError
from arb.domain.ledger.report import Valuation, make_report
from arb.domain.market.ids import SessionId
from arb.domain.time import Span
from arb.ports.trading import Session, TradeView
from arb.stack.files import read_json
from arb.stack.home import Home
from config.frozen_copy import scope_of
from config.settings import load

NO_SLIP = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A session, what of it is asked for, and where it is kept."""

    database: Database
    found: KeptSession
    span: Span
    home: Home
    where: str  # the same in words
    runs: bool  # whether a stack trades it
    now_ns: int

    @property
    def session(self) -> Session:
        """Return the session that is read."""
        return self.found.session

    @property
    def session_id(self) -> SessionId:
        """Return the id of the session that is read."""
        return self.found.session.session_id

    @property
    def trades(self) -> SqlTradeStore:
        """Return the store of trades."""
        return SqlTradeStore(self.database)

    @property
    def until_ns(self) -> int:
        """Return when what is told ends: now, or with the last that the session left."""
        return min(self.span.to_ns, self.now_ns if self.runs else self.found.changed_at_ns)

    @property
    def since_ns(self) -> int:
        """Return when what is told begins."""
        return min(max(self.span.from_ns, self.session.started_at_ns), self.until_ns)

    @property
    def scope(self) -> str:
        """Return the scope of its mode and group, as `Settings.scope`."""
        return scope_of({"mode": self.session.environment, "group": self.session.group_name})

    def heading(self) -> dict[str, Any]:
        """Return what every document of a read says of what it is about."""
        return {
            "session_id": self.session_id,
            "environment": self.session.environment,
            "group": self.session.group_name,
            "mode": self.session.mode.value,
            "mode_reason": self.session.mode_reason,
            "from_ns": self.since_ns,
            "to_ns": self.until_ns,
            "runs": self.runs,
            "home": str(self.home.path),
        }


def pick(
    found: Sequence[KeptSession], wanted: str | None, environment: str | None, group: str | None
) -> KeptSession:
    """Return the session of that id, else the one in use that changed last. Raises: ConfigError."""
    if wanted is not None:
        for each in found:
            if each.session.session_id == wanted:
                return each
        raise ConfigError(f"--session: no session {wanted} is kept here; `arb sessions` lists them")
    in_use = [
        each
        for each in found
        if each.is_in_use
        and environment in (None, each.session.environment)
        and group in (None, each.session.group_name)
    ]
    if not in_use:
        named = f"{environment} session" if environment else "session"
        raise ConfigError(f"no {named} exists yet; start one with `arb up --mode {environment or 'mock'}`")
    return max(in_use, key=lambda each: each.changed_at_ns)


def report_document(kept: Kept, prices: Valuation, zone: tzinfo | None) -> dict[str, Any]:
    """Return a report by the rows alone, by days of a zone, with what was proven if the run was judged."""
    totals = SqlReportStore(kept.database, kept.span).totals(kept.session_id)
    ended_at_ns = None if kept.runs and kept.until_ns == kept.now_ns else kept.until_ns
    slip_bps = _slip_bps(kept)
    performance = SqlPerformance(
        engine=kept.database,
        session_id=kept.session_id,
        slip_bps=NO_SLIP if slip_bps is None else slip_bps,
        span=kept.span,
        zone=zone,
    ).read(kept.until_ns)
    document = make_report(totals, prices, {}, {}, ended_at_ns).as_json() | performance.as_json()
    if slip_bps is None:
        document["slippage_bps"] = []
    simulated = {"simulated": kept.session.environment == "mock"}
    return document | _judged(kept) | simulated | {"read": kept.heading()}


def at_risk(kept: Kept) -> tuple[TradeView, ...]:
    """Return the trades that have not ended, or were escalated with a leg alone, oldest first."""
    store, session_id = kept.trades, kept.session_id
    waiting = [leg.trade for leg in store.alone(session_id) if leg.is_waiting]
    alone = [view for trade in waiting if (view := store.view(trade.trade_id)) is not None]
    found = [
        view
        for view in (*store.active(session_id), *alone)
        if kept.span.from_ns <= view.trade.opened_at_ns <= kept.span.to_ns
    ]
    return tuple(sorted(found, key=lambda view: (view.trade.opened_at_ns, view.trade.trade_id)))


def _judged(kept: Kept) -> dict[str, Any]:
    """Return the verdict and the refusals of a run that has ended, if they are of this session, whole."""
    judged = read_json(kept.home.report_file)
    if not kept.span.is_whole or kept.runs or judged.get("session_id") != kept.session_id:
        return {}
    return {name: judged[name] for name in ("invariants", "refusals") if name in judged}


def _slip_bps(kept: Kept) -> Decimal | None:
    """Return the allowance of the orders' limits; None where the settings of that mode cannot be had."""
    try:
        return load(kept.session.environment).strategy.slip_bps
    except ConfigError:
        return None
