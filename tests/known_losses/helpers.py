"""Cases for an engine on a testbed that lose money: how they are set up, driven and measured.

What a case needs before its fault can strike is `require`d and no assertion, so that a case whose ground is
gone is an error, and never passes for the loss that it expects.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest

from arb.domain.health.alert import Alert
from arb.domain.ledger.ledger import adjustment_entry
from arb.domain.market.book import Book
from arb.domain.market.ids import Venue
from arb.domain.risk.review import Limits, Mode
from arb.domain.risk.stability import StabilityRules
from arb.domain.time import NS_PER_S
from arb.domain.trading.order import Order, Purpose
from arb.domain.trading.position import trade_position
from arb.domain.trading.trade import Trade, TradeState
from tests.engine import testbed as testbed_module
from tests.engine.testbed import BTC, LIMITS, SESSION, STABILITY, EngineTestbed

BTC_KRW = Decimal(140_000_000)
KRW_PER_USDT = Decimal(1_400)
PATIENCE = 400  # looks of 300 ms at one market until pairs are open in it
# As they are by default; those of the testbed itself are wide.
DEFAULT_LIMITS = replace(
    LIMITS,
    notional_per_coin_krw_max=Decimal(10_000_000),
    notional_total_krw_max=Decimal(30_000_000),
    trades_open_max=15,
    trades_open_per_coin_max=3,
    daily_loss_krw_max=Decimal(5_000_000),
    entry_cooldown_ns=2 * NS_PER_S,
)
DEFAULT_STABILITY = StabilityRules(
    window_ns=60 * NS_PER_S,
    samples_min=10,
    score_min=Decimal("0.5"),
    circuit_claims_min=4,
    circuit_ns=10 * NS_PER_S,
)


class Unprepared(Exception):
    """What a case stands on is not there."""


def require(condition: object, what: str) -> None:
    """Go on only where the case is as it has to be. Raises: Unprepared."""
    if not condition:
        raise Unprepared(what)


@contextmanager
def _with_rules(limits: Limits, stability: StabilityRules) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(testbed_module, "LIMITS", limits)
        patch.setattr(testbed_module, "STABILITY", stability)
        yield


@dataclass
class TunedTestbed(EngineTestbed):
    """A testbed with limits and an idea of stable venues of its own."""

    limits: Limits = field(default_factory=lambda: LIMITS)
    stability: StabilityRules = field(default_factory=lambda: STABILITY)

    def _wire_engine(self) -> None:
        with _with_rules(self.limits, self.stability):
            super()._wire_engine()


# what there is


def trades(testbed: EngineTestbed) -> list[Trade]:
    return list(testbed.tables.trades.values())


def open_trades(testbed: EngineTestbed) -> list[Trade]:
    return [trade for trade in trades(testbed) if trade.state is TradeState.OPEN]


def closed_trades(testbed: EngineTestbed) -> list[Trade]:
    return [trade for trade in trades(testbed) if trade.state is TradeState.CLOSED]


def orders(testbed: EngineTestbed, purpose: Purpose | None = None) -> list[Order]:
    found = [row.order for row in testbed.tables.orders.values()]
    return [order for order in found if purpose is None or order.purpose is purpose]


def alerts(testbed: EngineTestbed) -> list[Alert]:
    return [alert for _, alert in testbed.tables.alerts]


def imbalance(testbed: EngineTestbed, trade: Trade) -> Decimal:
    """Return the base that one leg of a trade has more than the other."""
    return trade_position(testbed.trades.view(trade.trade_id).orders).imbalance


def naked(testbed: EngineTestbed) -> list[Trade]:
    """Return the trades with a leg that stands alone, whatever the engine calls them."""
    return [trade for trade in trades(testbed) if imbalance(testbed, trade)]


def worth_krw(
    testbed: EngineTestbed,
    *,
    btc_krw: Decimal = BTC_KRW,
    krw_per_usdt: Decimal = KRW_PER_USDT,
    others_krw: Mapping[str, Decimal] | None = None,
) -> Decimal:
    """Return what both accounts hold by the venues themselves, at these prices."""
    upbit, binance = testbed.venues[Venue.UPBIT].held, testbed.venues[Venue.BINANCE].held
    total = (upbit["BTC"] + binance["BTC"]) * btc_krw + upbit["KRW"] + binance["USDT"] * krw_per_usdt
    for asset, price_krw in (others_krw or {}).items():
        total += (upbit.get(asset, Decimal(0)) + binance.get(asset, Decimal(0))) * price_krw
    return total


# what happens


def pay(testbed: EngineTestbed, venue: Venue, asset: str, amount: Decimal) -> None:
    """Have the venue hold that much of it, and the ledger know."""
    now_ns, held = testbed.clock.now_ns(), testbed.venues[venue].held
    before = held.get(asset, Decimal(0))
    entry = adjustment_entry(SESSION, venue, asset, before, amount, now_ns)
    require(testbed.trades.book_entry(SESSION, entry, now_ns), f"{asset} on {venue} was not booked")
    held[asset] = amount


def reduce_only(testbed: EngineTestbed) -> None:
    """Let nothing new be opened."""
    testbed.sessions.set_mode(SESSION, Mode.REDUCE_ONLY, "case", testbed.clock.now_ns())


def upbit_books(premium_bps: int, krw_per_usdt: int = 1_400) -> tuple[str, str]:
    """Return Upbit's best prices of a coin that costs 100,000 USDT on Binance."""
    even = Decimal(100_000) * krw_per_usdt
    middle = int(even * (1 + Decimal(premium_bps) / 10_000)) // 1_000 * 1_000
    return str(middle - 1_000), str(middle + 1_000)


def quote(
    testbed: EngineTestbed,
    *,
    upbit: tuple[str, str],
    binance: tuple[str, str] = ("99999.50", "100000.50"),
    rate: tuple[str, str] = ("1399", "1401"),
) -> None:
    """Show these best prices and tell the engine of them."""
    books = [
        testbed.book(Venue.BINANCE, "BTC/USDT", *binance, "5"),
        testbed.book(Venue.UPBIT, "BTC/KRW", *upbit, "5"),
        testbed.book(Venue.UPBIT, "USDT/KRW", *rate, "100000"),
    ]
    tell(testbed, *books)


def tell(testbed: EngineTestbed, *books: Book) -> None:
    """Show these books and tell the engine of them."""
    testbed.show(*books)
    testbed.quotes.put(books, [BTC])


def run_one(testbed: EngineTestbed) -> None:
    """Run the task that waits longest; one that the testbed does not know is no finding."""
    try:
        testbed.run_one()
    except AssertionError as error:
        raise Unprepared(str(error)) from error


def run_due(testbed: EngineTestbed) -> None:
    """Run each waiting task whose time has come, once."""
    for _ in range(len(testbed.pending)):
        if testbed.pending[0][0] <= testbed.clock.now_ns():
            run_one(testbed)
        else:
            testbed.pending.append(testbed.pending.pop(0))


def run_all(testbed: EngineTestbed) -> None:
    """Run tasks until none is left, whenever they were meant to run."""
    while testbed.pending:
        run_one(testbed)


def work(testbed: EngineTestbed) -> None:
    """Decide, sweep, and run what is due."""
    testbed.evaluate_now()
    testbed.sweep.run()
    testbed.collect()
    run_due(testbed)


def go_on(testbed: EngineTestbed, for_ms: int, step_ms: int, quoting: Callable[[], None]) -> None:
    """Quote and work, step by step."""
    for _ in range(for_ms // step_ms):
        quoting()
        work(testbed)
        testbed.pass_time(step_ms)


def open_pairs(testbed: EngineTestbed, premium_bps: int, count: int = 1, at_least: int | None = None) -> None:
    """Open so many pairs at this premium, or as many as are allowed, and nothing more after them."""
    for _ in range(PATIENCE):
        testbed.premium(premium_bps)
        testbed.evaluate_now()
        run_all(testbed)
        if len(open_trades(testbed)) >= count:
            break
        testbed.pass_time(300)
    wanted = count if at_least is None else at_least
    require(len(open_trades(testbed)) >= wanted, f"{len(open_trades(testbed))} of {wanted} pairs opened")
    reduce_only(testbed)
