"""Nothing is opened while fees come in an asset without a price: its profit could not be judged."""

from dataclasses import dataclass, field

from arb.domain.market.ids import Coin, SessionId, Venue
from arb.domain.market.pair import Direction
from arb.domain.risk.review import Admit, Denied, Trial
from arb.domain.time import NS_PER_S, is_within
from arb.engine.market.fee_prices import FeePrices
from arb.ports.market import Clock
from arb.ports.trading import TradeStore

KNOWN_NS = NS_PER_S  # which assets fees come in changes with a setting at the venue


@dataclass(slots=True, kw_only=True)
class FeeGuard:
    """Stands before what else admits an entry. One process's view, by the newest fills."""

    session_id: SessionId
    trades: TradeStore
    prices: FeePrices
    clock: Clock
    otherwise: Admit
    _assets: frozenset[tuple[Venue, str]] = field(default=frozenset())
    _read_ns: int = 0

    def admit(self, coin: Coin, direction: Direction) -> Trial | Denied | None:
        """Refuse an entry whose fees could not be valued, else ask further. Raises: StoreUnavailable."""
        for venue, asset in sorted(self.assets()):
            if self.prices.of(venue, asset) is None:
                return Denied(f"fee_price_{venue}_{asset.lower()}")
        return self.otherwise(coin, direction)

    def assets(self, known_ns: int = KNOWN_NS) -> frozenset[tuple[Venue, str]]:
        """Return in which third assets fees come, a second old at most. Raises: StoreUnavailable."""
        now_ns = self.clock.steady_ns()
        if not is_within(self._read_ns, now_ns, known_ns):
            self._assets, self._read_ns = self.trades.fee_assets(self.session_id), now_ns
        return self._assets
