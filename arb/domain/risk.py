"""What may be sent. "No" is a value with a reason; only an `Approved` can be sent: the type is the guard."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from arb.domain.ids import Coin
from arb.domain.money import ZERO
from arb.domain.spread import Edge, Market
from arb.domain.trade import Leg, Trade


class Mode(StrEnum):
    """How much is allowed; in degraded modes risk only ever shrinks."""

    NORMAL = "normal"
    REDUCE_ONLY = "reduce-only"
    HALTED = "halted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Ceilings; money in KRW. None of them has a default: each is a decision."""

    entry_edge_bps_min: Decimal
    notional_per_coin_krw_max: Decimal
    notional_total_krw_max: Decimal
    trades_open_max: int
    trades_open_per_coin_max: int
    daily_loss_krw_max: Decimal
    orders_per_minute_max: int
    premium_bps_abs_max: Decimal
    quote_age_ns_max: int
    rate_age_ns_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """What is at risk at this moment, as SQL knows it under the session's lock."""

    mode: Mode
    notional_by_coin_krw: dict[Coin, Decimal]
    trades_open_by_coin: dict[Coin, int]
    realised_today_krw: Decimal
    orders_last_minute: int
    free: dict[tuple[str, str], Decimal]  # (venue, asset) -> balance minus holds

    @property
    def notional_total_krw(self) -> Decimal:
        """Return the notional of all trades that have not ended."""
        return sum(self.notional_by_coin_krw.values(), ZERO)

    @property
    def trades_open(self) -> int:
        """Return how many trades have not ended."""
        return sum(self.trades_open_by_coin.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A trade that evaluation would like to open."""

    trade: Trade
    legs: tuple[Leg, Leg]
    edge: Edge


@dataclass(frozen=True, slots=True)
class Approved:
    """Risk said yes: this may be written as intents and sent."""

    proposal: Proposal


@dataclass(frozen=True, slots=True)
class Refused:
    """Risk said no; `reason` is counted."""

    reason: str


def review(proposal: Proposal, limits: Limits, exposure: Exposure) -> Approved | Refused:
    """Return whether the proposal may be sent, and why not."""
    trade, coin = proposal.trade, proposal.trade.coin
    checks = (
        ("mode_not_normal", exposure.mode is not Mode.NORMAL),
        ("edge_too_small", proposal.edge.net_bps < limits.entry_edge_bps_min),
        ("trades_open", exposure.trades_open >= limits.trades_open_max),
        (
            "trades_open_per_coin",
            exposure.trades_open_by_coin.get(coin, 0) >= limits.trades_open_per_coin_max,
        ),
        (
            "notional_per_coin",
            exposure.notional_by_coin_krw.get(coin, ZERO) + trade.notional_krw
            > limits.notional_per_coin_krw_max,
        ),
        ("notional_total", exposure.notional_total_krw + trade.notional_krw > limits.notional_total_krw_max),
        ("daily_loss", exposure.realised_today_krw <= -limits.daily_loss_krw_max),
        ("orders_per_minute", exposure.orders_last_minute + 2 > limits.orders_per_minute_max),
    )
    for reason, refused in checks:
        if refused:
            return Refused(reason)
    for leg in proposal.legs:
        asset, amount = hold_of(leg, proposal.trade.coin)
        if exposure.free.get((leg.venue, asset), ZERO) < amount:
            return Refused(f"balance_{leg.venue}_{asset.lower()}")
    return Approved(proposal)


def sane(market: Market, limits: Limits, now_ns: int) -> Refused | None:
    """Return why this market must not be traded on, or None."""
    ages = (now_ns - market.upbit.ts_recv_ns, now_ns - market.binance.ts_recv_ns)
    if max(ages) > limits.quote_age_ns_max:
        return Refused("quote_stale")
    if now_ns - market.rate.ts_recv_ns > limits.rate_age_ns_max:
        return Refused("rate_stale")
    if abs(market.premium_bps) > limits.premium_bps_abs_max:
        return Refused("premium_absurd")
    for instrument in (market.upbit_instrument, market.binance_instrument):
        if not instrument.tradable:
            return Refused(f"not_tradable_{instrument.venue}")
        if instrument.warning:
            return Refused(f"market_warning_{instrument.venue}")
    return None


FEE_RESERVE = Decimal("1.002")  # twice the dearest taker fee, so that a hold always covers its fee


def hold_of(leg: Leg, coin: Coin) -> tuple[str, Decimal]:
    """Return (asset, amount) that an order of this leg can cost at most."""
    if leg.side.sign < 0:
        return coin, leg.quantity
    quote = "KRW" if leg.venue == "upbit" else "USDT"
    return quote, leg.quantity * leg.limit_price * FEE_RESERVE
