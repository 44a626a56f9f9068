"""What was decided on which quotes: for whoever asks later whether it was right."""

from collections.abc import Callable
from dataclasses import dataclass

from arb.domain.market.ids import Coin, TradeId
from arb.domain.market.money import plain
from arb.domain.market.spread import Market


@dataclass(frozen=True, slots=True)
class BookSeen:
    """One book that a decision was made on."""

    name: str  # of its venue, or rate
    fence: int  # of the ownership that it came in under
    ts_recv_ns: int
    bid: str
    ask: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A pair to open or to close."""

    action: str
    trade_id: TradeId
    coin: Coin
    at_ns: int
    krw_per_usdt: str
    seen: tuple[BookSeen, ...]


Journal = Callable[[Decision], None]


def unread(_decision: Decision) -> None:
    """Ignore the decision: there is no journal."""


def decision(action: str, trade_id: TradeId, market: Market, now_ns: int) -> Decision:
    """Return what is decided on this market now."""
    rate = market.rate
    books = (market.book(venue) for venue in market.venues)
    return Decision(
        action=action,
        trade_id=trade_id,
        coin=market.coin,
        at_ns=now_ns,
        krw_per_usdt=plain(rate.krw_per_usdt),
        seen=(
            *(
                BookSeen(book.venue, book.fence, book.ts_recv_ns, plain(book.bid), plain(book.ask))
                for book in books
            ),
            BookSeen("rate", rate.fence, rate.ts_recv_ns, "", ""),
        ),
    )
