"""What was there to be earned, kept: wired beside trading, and run by who has time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock

from arb.adapters.postgres.opportunities import SqlOpportunities
from arb.adapters.postgres.premiums import SqlPremiums
from arb.app.rules import appetite_of, chance_bps_of, limits_of
from arb.app.shared import Shared
from arb.domain.market.ids import Coin
from arb.domain.market.spread import Edge, Market
from arb.domain.risk.sanity import stale
from arb.domain.time import NS_PER_DAY
from arb.engine.market.record import RecordPremiums, RecordRules
from arb.engine.trading.proposals import edges_at
from arb.engine.trading.record_chances import RecordChances
from arb.ports.market import Clock


@dataclass(frozen=True, kw_only=True)
class Recording:
    """Premiums, where the settings want them, and chances."""

    premiums: RecordPremiums
    chances: RecordChances
    kept_premiums: SqlPremiums
    kept_chances: SqlOpportunities
    is_on: bool
    keep_days: int
    clock: Clock
    _alone: Lock = field(default_factory=Lock)

    def run(self) -> int:
        """Keep what is due; return how many rows, 0 while another thread does. Raises: StoreUnavailable."""
        if not self._alone.acquire(blocking=False):
            return 0
        try:
            return self.chances.run() + (self.premiums.run() if self.is_on else 0)
        finally:
            self._alone.release()

    def clean_up(self) -> None:
        """Forget what is older than the settings keep. Raises: StoreUnavailable."""
        before_ns = self.clock.now_ns() - self.keep_days * NS_PER_DAY
        self.kept_premiums.clean_up(before_ns)
        self.kept_chances.clean_up(before_ns)


def wire_recording(shared: Shared) -> Recording:
    """Return what keeps one session's premiums and chances."""
    rules, kept_premiums, kept_chances = (
        shared.settings.record,
        _premiums_of(shared),
        _opportunities_of(shared),
    )
    return Recording(
        premiums=record_premiums(shared, shared.coins),
        chances=RecordChances(
            session_id=shared.session_id,
            passed_on=shared.stores.chances,
            store=kept_chances,
            counters=shared.stores.counters,
            clock=shared.clock,
            rows_per_day_max=rules.rows_per_day_max,
        ),
        kept_premiums=kept_premiums,
        kept_chances=kept_chances,
        is_on=rules.enabled or shared.settings.watch,
        keep_days=rules.keep_days,
        clock=shared.clock,
    )


def record_premiums(shared: Shared, coins: Sequence[Coin]) -> RecordPremiums:
    """Return what keeps the premiums of coins."""
    settings, limits = shared.settings, limits_of(shared.settings)
    notional_usdt = appetite_of(settings).notional_usdt

    def edges(market: Market) -> tuple[Edge, ...]:
        return edges_at(market, notional_usdt)

    return RecordPremiums(
        coins=coins,
        markets=shared.markets,
        store=_premiums_of(shared),
        edges=edges,
        is_stale=lambda market, now_ns: stale(market, limits, now_ns) is not None,
        mark_bps=chance_bps_of(settings),
        counters=shared.stores.counters,
        clock=shared.clock,
        rules=RecordRules(
            near_bps=settings.record.near_bps, rows_per_day_max=settings.record.rows_per_day_max
        ),
    )


def _premiums_of(shared: Shared) -> SqlPremiums:
    """Return where the premiums of a session's mode are."""
    return SqlPremiums(shared.stores.alerts.engine, shared.settings.mode.value)


def _opportunities_of(shared: Shared) -> SqlOpportunities:
    """Return the store of recorded opportunities."""
    return SqlOpportunities(shared.stores.alerts.engine)
