"""Closing one pair by hand: what that costs now, and asking for it.

The exit itself is that of every pair: whoever evaluates the coin finds the request and decides by the same
rules, so that a market with a hole, a venue in trouble or money that is not there keep it back as ever. A
request lapses by itself, and closes nothing for less than was shown.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from arb.domain.errors import ArbError
from arb.domain.market.ids import SessionId, TradeId
from arb.domain.market.money import fraction
from arb.domain.market.spread import Market, edge
from arb.domain.risk.review import Denied, Limits, Mode
from arb.domain.risk.sanity import stale, untradable, with_hole
from arb.domain.risk.stability import UNANSWERED, StabilityRules, exit_pace
from arb.domain.time import NS_PER_S
from arb.domain.trading.by_hand import BY_HAND, CloseRequest
from arb.domain.trading.exits import earned_bps, exit_quantity
from arb.domain.trading.position import TradePosition, trade_position
from arb.domain.trading.trade import ENDED, Trade, TradeState
from arb.engine.market.markets import Markets, symbol_on
from arb.engine.trading.stability import Stability
from arb.ports.market import Clock
from arb.ports.trading import HandStore, KillSwitch, SessionStore, TradeStore

POLL_MS: Final = 200
STAYS: Final = "the pair stays open and hedged, try again in a moment"
UNDER_WAY_NS_MAX: Final = 60 * NS_PER_S  # legs that are out are repaired or escalated within that


class NotNow(ArbError):
    """A pair cannot be closed by hand now; the text says why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """What closing a pair now takes and brings, in KRW."""

    trade: Trade
    quantity: Decimal  # base that both venues take now
    premium_bps: Decimal
    fees_krw: Decimal  # of the exit
    depth_krw: Decimal  # from the middle of both books to what the exit pays
    earned_krw: Decimal  # by the whole trade once it is closed
    earned_bps: Decimal

    @property
    def cost_krw(self) -> Decimal:
        """Return what closing costs: fees and depth, KRW."""
        return self.fees_krw + self.depth_krw


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseByHand:
    """The use case of `arb trades close`."""

    session_id: SessionId
    trades: TradeStore
    sessions: SessionStore
    markets: Markets
    kill_switch: KillSwitch
    store: HandStore
    stability: Stability
    stability_rules: StabilityRules
    limits: Limits
    slip_bps: Decimal  # how much less than was shown it may earn
    clock: Clock

    def quote(self, trade_id: TradeId) -> Quoted:
        """Return what closing it now costs. Raises: NotNow, StoreUnavailable."""
        view = self.trades.view(trade_id)
        if view is None:
            raise NotNow(f"{trade_id}: there is no such trade; `arb trades` lists them")
        self._refuse_state(view.trade)
        self._refuse_mode()
        market = self._market(view.trade, self.clock.now_ns())
        now_ns = self.clock.now_ns()  # the first read may ask for rules, and books go on coming meanwhile
        position = trade_position(view.orders)
        quantity = exit_quantity(view.trade, position, market)
        if not quantity:
            raise NotNow(f"{_what(view.trade)} is below what a venue takes, or a book too thin now; {STAYS}")
        self._refuse_venues(view.trade, market, quantity, now_ns)
        return _quoted(view.trade, position, quantity, market)

    def ask(self, quoted: Quoted, by: str, within_ns: int) -> CloseRequest:
        """Ask for it; return the request in force, which may be an older one. Raises: Conflict."""
        return self.store.ask_to_close(
            CloseRequest(
                trade_id=quoted.trade.trade_id,
                session_id=self.session_id,
                asked_by=by,
                asked_at_ns=self.clock.now_ns(),
                lasts_ns=within_ns,
                earned_bps_min=quoted.earned_bps - self.slip_bps,
            )
        )

    def follow(self, request: CloseRequest) -> Trade:
        """Wait until the trade has ended or the request has lapsed; return the trade. Raises: NotNow."""
        began_ns = self.clock.steady_ns()
        while True:
            view = self.trades.view(request.trade_id)
            if view is None:
                raise NotNow(f"{request.trade_id}: there is no such trade any more")
            waited_ns = self.clock.steady_ns() - began_ns
            is_still = view.trade.state is TradeState.OPEN and waited_ns >= request.lasts_ns
            if view.trade.state in ENDED or is_still or waited_ns >= request.lasts_ns + UNDER_WAY_NS_MAX:
                return view.trade
            self.clock.sleep_ms(POLL_MS)

    def _refuse_state(self, trade: Trade) -> None:
        if trade.session_id != self.session_id:
            raise NotNow(
                f"{trade.trade_id}: it is of session {trade.session_id}, and {self.session_id} runs here; "
                f"`arb resume {trade.session_id}` goes on with that one"
            )
        match trade.state:
            case TradeState.OPEN:
                return
            case TradeState.ESCALATED:
                mend = f"`arb trades adopt {trade.trade_id}` has it repaired again"
            case state if state in ENDED:
                mend = f"it is no longer open ({trade.reason})"
            case _:
                mend = "it is under way, and nothing has to be done; `arb trades` shows what came of it"
        raise NotNow(f"{trade.trade_id} is {trade.state.replace('_', ' ')}: {mend}")

    def _refuse_mode(self) -> None:
        if (killed := self.kill_switch.engaged()) is not None:
            raise NotNow(f"nothing is closed while all is killed ({killed}); `arb unkill` lets trading go on")
        session = self.sessions.get(self.session_id)
        if session is not None and session.mode is Mode.HALTED:
            raise NotNow(
                f"nothing is closed while trading is halted ({session.mode_reason}); "
                "`arb mode reduce-only` lets pairs be closed and opens none"
            )

    def _market(self, trade: Trade, now_ns: int) -> Market:
        books = self.markets.books((trade.coin,), now_ns)
        for venue in self.markets.pair.venues:
            book = books.get((venue, symbol_on(venue, trade.coin)))
            if book is None:
                raise NotNow(f"{venue} is away: it shows no book of {trade.coin}; {STAYS}")
            age_ns = now_ns - book.ts_recv_ns
            if age_ns > self.limits.quote_age_ns_max:
                raise NotNow(
                    f"{venue} is away, or its feed: its newest book of {trade.coin} is "
                    f"{age_ns / NS_PER_S:.1f} s old; {STAYS}"
                )
        if without := self.markets.without_rules(trade.coin):
            raise NotNow(f"{' and '.join(without)} does not tell its rules of {trade.coin}; {STAYS}")
        market = self.markets.read((trade.coin,), now_ns).get(trade.coin)
        if market is None:
            raise NotNow(f"nobody quotes USDT in KRW now; {STAYS}")
        return market

    def _refuse_venues(self, trade: Trade, market: Market, quantity: Decimal, now_ns: int) -> None:
        denied = stale(market, self.limits, now_ns) or untradable(market)
        denied = denied or with_hole(market, quantity, self.limits)
        if denied is None:
            found = exit_pace(self.stability.healths_now(), BY_HAND, self.stability_rules, now_ns)
            # Exits whose outcome is not known yet are known in a moment: that is no reason not to ask.
            denied = found if isinstance(found, Denied) and not found.reason.startswith(UNANSWERED) else None
        if denied is not None:
            raise NotNow(f"{_what(trade)} cannot be closed now ({denied.reason}); {STAYS}")


def _what(trade: Trade) -> str:
    return f"the {trade.coin} pair of trade {trade.trade_id}"


def _quoted(trade: Trade, position: TradePosition, quantity: Decimal, market: Market) -> Quoted:
    closing = edge(market, trade.direction.opposite, quantity)
    if closing is None:
        raise NotNow(f"{_what(trade)}: a book is too thin now to close it")
    bought, sold = closing.direction.buy_on, closing.direction.sell_on
    paid = market.krw(bought, closing.legs[bought].notional)
    got = market.krw(sold, closing.legs[sold].notional)
    even = quantity * (market.krw(sold, market.book(sold).mid) - market.krw(bought, market.book(bought).mid))
    earned = earned_bps(trade, position, quantity, market)
    return Quoted(
        trade=trade,
        quantity=quantity,
        premium_bps=market.premium_bps,
        fees_krw=got - paid - closing.net_krw,
        depth_krw=even - (got - paid),
        earned_krw=trade.notional_krw * fraction(earned),
        earned_bps=earned,
    )
