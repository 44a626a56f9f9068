"""The checkers and the report, wired to a running engine; and the report that outlives its stack."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from arb.adapters.postgres.performance import SqlPerformance
from arb.adapters.postgres.report import SqlReportStore
from arb.app.rules import limits_of
from arb.app.wiring import Engine
from arb.check.checkers import Check, Findings, VenueReader
from arb.check.engine_history import ReadEngine
from arb.check.history import Ages
from arb.check.venue_history import ReadBalances, ReadVenues
from arb.domain.ledger.performance import Performance
from arb.domain.ledger.report import Report, Valuation
from arb.domain.market.ids import Coin
from arb.domain.market.pair import Pair
from arb.engine.ledger.report import MakeReport, newest_prices
from arb.stack.files import write_json
from arb.stack.home import Home
from config.settings import RunMode


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A session's report, its invariants and its performance."""

    report: Report
    findings: Findings
    performance: Performance

    def as_json(self) -> dict[str, Any]:
        """Return what `arb report --json` prints."""
        return self.report.as_json() | self.performance.as_json()


def check_of(engine: Engine) -> Check:
    """Return the check of the engine's session; only the simulated venues keep a record of their own."""
    limits = limits_of(engine.settings)
    return Check(
        read_engine=ReadEngine(
            database=engine.stores.trades.engine,
            session_id=engine.session_id,
            pair=Pair(*engine.settings.pair),
            clock=engine.clock,
            repair_ns_max=engine.trading.settle.rules.time_ns_max,
            instruments=engine.markets.instruments,
            ages=Ages(quote_ns_max=limits.quote_age_ns_max, rate_ns_max=limits.rate_age_ns_max),
        ),
        read_venues=_venues_of(engine),
        clock=engine.clock,
    )


def _venues_of(engine: Engine) -> VenueReader:
    settings = engine.settings
    if settings.mode is not RunMode.MOCK:
        return ReadBalances(venues=engine.venues)
    return ReadVenues(base_urls=settings.rest_urls)


def report_of(engine: Engine) -> MakeReport:
    """Return the reporter of the engine's session."""
    held = (view.trade.coin for view in engine.trades.active(engine.session_id))  # off the list, perhaps
    return MakeReport(
        pair=Pair(*engine.settings.pair),
        session_id=engine.session_id,
        store=SqlReportStore(engine.stores.trades.engine),
        quotes=engine.quotes,
        counters=engine.counters,
        coins=tuple(dict.fromkeys((*map(Coin, engine.settings.traded), *held))),
    )


def prices_of(engine: Engine, held: Iterable[Coin]) -> Valuation:
    """Return what the coins that are traded or held are worth now."""
    coins = tuple(dict.fromkeys((*map(Coin, engine.settings.traded), *held)))
    return newest_prices(Pair(*engine.settings.pair), coins, engine.quotes)


def _performance_of(engine: Engine) -> Performance:
    """Return how well the engine's session was traded. Raises: StoreUnavailable."""
    reader = SqlPerformance(
        engine=engine.stores.trades.engine,
        session_id=engine.session_id,
        slip_bps=engine.settings.strategy.slip_bps,
    )
    return reader.read(engine.clock.now_ns())


def look(engine: Engine) -> Judgement:
    """Check and report a session that goes on. Raises: StoreUnavailable."""
    findings = check_of(engine).run()
    report = report_of(engine).run(findings.invariants)
    return Judgement(report=report, findings=findings, performance=_performance_of(engine))


def judge(engine: Engine, home: Home) -> Judgement:
    """Check and report a run that is at its end, and keep report and findings in its home."""
    findings = check_of(engine).run()
    report = report_of(engine).run(findings.invariants, engine.clock.now_ns())
    judgement = Judgement(report=report, findings=findings, performance=_performance_of(engine))
    write_json(home.report_file, {"session_id": engine.session_id} | judgement.as_json())
    write_json(home.check_file, findings.as_json())
    return judgement
