"""A session in numbers, valued at the newest prices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from arb.domain.errors import StoreUnavailable
from arb.domain.ledger.report import Report, SessionTotals, Valuation, make_report
from arb.domain.market.ids import Coin, SessionId
from arb.domain.market.money import ONE
from arb.domain.market.pair import Pair
from arb.engine.market.markets import keys_of, shown_rate, symbol_on
from arb.ports.market import QuoteStore
from arb.ports.messaging import Counters


class ReportStore(Protocol):
    """The sums of a session's rows."""

    def totals(self, session_id: SessionId) -> SessionTotals:
        """Return the sums at one moment. Raises: StoreUnavailable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeReport:
    """The use case of `arb report` and of the end of every run."""

    pair: Pair
    session_id: SessionId
    store: ReportStore
    quotes: QuoteStore
    counters: Counters
    coins: Sequence[Coin]

    def run(self, invariants: Mapping[str, bool | None], ended_at_ns: int | None = None) -> Report:
        """Return the report; `ended_at_ns` is None while the session runs. Raises: StoreUnavailable."""
        totals = self.store.totals(self.session_id)
        prices = newest_prices(self.pair, self.coins, self.quotes)
        return make_report(totals, prices, self._refusals(), invariants, ended_at_ns)

    def _refusals(self) -> Mapping[str, int]:
        try:
            return self.counters.read().get("refused", {})
        except StoreUnavailable:
            return {}


def newest_prices(pair: Pair, coins: Sequence[Coin], quotes: QuoteStore) -> Valuation:
    """Return what is known: the newest books, however old; nothing while their store is away."""
    try:
        books = quotes.get(keys_of(pair, coins))
    except StoreUnavailable:
        return Valuation()
    venue, rate = pair.second, shown_rate(pair, books)
    worth = ONE if pair.rate_key is None else rate  # of what the second venue quotes in
    if worth is None:
        return Valuation()
    found = {coin: books.get((venue, symbol_on(venue, coin))) for coin in coins}
    return Valuation(
        krw_per_usdt=rate,
        is_in_krw=pair.rate_key is None,
        krw_per_coin={coin: book.mid * worth for coin, book in found.items() if book is not None},
    )
