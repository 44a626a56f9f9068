"""What befalls the market: which venue does what, for how long, and what must be proven to have struck.

The market's durations are those of the real thing divided by about forty; the engine's own time limits are
what they are. `COIN` is a coin of which a pair is open when it begins.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from arb.domain.market.ids import Coin, Venue

FIRST, SECOND = tuple(Venue)[:2]
COIN: Final = "COIN"
ALL_REQUESTS: Final = "*"
Fault = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Blow:
    """Faults that one venue shows together."""

    venue: Venue
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceMove:
    """Money that comes or goes at a venue without an order: a margin of error in its balances."""

    venue: Venue
    asset: str
    change: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One way in which a market breaks."""

    name: str
    what: str
    hold_s: float
    blows: tuple[Blow, ...] = ()
    must_strike: tuple[str, ...] = ()  # kinds of faults that the venues have to have counted
    move: BalanceMove | None = None

    @property
    def names_coin(self) -> bool:
        """Tell whether it befalls one coin, of which a pair has to be open."""
        faults = [fault for blow in self.blows for fault in blow.faults]
        return any(COIN in fault.get("coins", ()) for fault in faults)

    def of(self, coin: Coin) -> "Scenario":
        """Return the scenario with this coin in its faults."""
        return replace(self, blows=tuple(_named(blow, coin) for blow in self.blows))


def _named(blow: Blow, coin: Coin) -> Blow:
    faults = tuple(
        {**fault, "coins": [coin if each == COIN else each for each in fault["coins"]]}
        if "coins" in fault
        else fault
        for fault in blow.faults
    )
    return replace(blow, faults=faults)


def _blow(venue: Venue, *faults: Fault) -> tuple[Blow, ...]:
    return (Blow(venue=venue, faults=faults),)


def _both(*faults: Fault) -> tuple[Blow, ...]:
    return tuple(Blow(venue=venue, faults=faults) for venue in (FIRST, SECOND))


SCENARIOS: Final = (
    Scenario(
        name="crash",
        what="the first venue falls by 30 % and recovers; half of its requests time out, its stream lags",
        hold_s=40,
        blows=_blow(
            FIRST,
            {"kind": "price_move", "bps": "-3000", "ramp_s": 5, "hold_s": 5, "recover_s": 25},
            {"kind": "stream_lag", "delay_ms": 5_000},
            {"kind": "drop_then_timeout", "endpoint": ALL_REQUESTS, "probability": 0.5, "delay_ms": 10_000},
            {"kind": "rate_limit_429", "endpoint": ALL_REQUESTS, "probability": 0.3, "delay_ms": 1_000},
            {"kind": "error_5xx_not_accepted", "endpoint": ALL_REQUESTS},
        ),
        must_strike=("price_move", "drop_then_timeout"),
    ),
    Scenario(
        name="venue_gone",
        what="the second venue answers nothing and takes no connection",
        hold_s=60,
        blows=_blow(SECOND, {"kind": "gone", "delay_ms": 3_000}),
        must_strike=("gone",),
    ),
    Scenario(
        name="maintenance_announced",
        what="the second venue goes down after it said so, its streams are cut",
        hold_s=40,
        blows=_blow(SECOND, {"kind": "maintenance", "announced": True, "after_s": 8, "streams": "cut"}),
        must_strike=("maintenance",),
    ),
    Scenario(
        name="maintenance_unannounced",
        what="the first venue answers 503 to everything while its market stream goes on",
        hold_s=40,
        blows=_blow(FIRST, {"kind": "maintenance", "streams": "alive"}),
        must_strike=("maintenance",),
    ),
    Scenario(
        name="coin_halted",
        what="the second venue halts one coin",
        hold_s=30,
        blows=_blow(SECOND, {"kind": "halted_coin", "coins": [COIN]}),
        must_strike=("halted_coin",),
    ),
    Scenario(
        name="wallet_closed",
        what="the first venue closes the wallet of one coin, whose price there runs away",
        hold_s=75,
        blows=_blow(
            FIRST,
            {"kind": "closed_wallet", "coins": [COIN]},
            {"kind": "price_move", "bps": "300", "coins": [COIN], "ramp_s": 60, "hold_s": 15},
        ),
        must_strike=("closed_wallet", "price_move"),
    ),
    Scenario(
        name="listing_pump",
        what="one coin rises by 80 % at the first venue with a hole around its middle, and falls back",
        hold_s=30,
        blows=_blow(
            FIRST,
            {"kind": "price_move", "bps": "8000", "coins": [COIN], "ramp_s": 5, "hold_s": 8, "recover_s": 12},
            {"kind": "book_hole", "bps": "60", "coins": [COIN]},
        ),
        must_strike=("price_move", "book_hole"),
    ),
    Scenario(
        name="rate_moves",
        what="KRW per USDT rises by 5 %, and every price at the first venue with it",
        hold_s=60,
        blows=_blow(FIRST, {"kind": "rate_move", "bps": "500", "ramp_s": 40, "hold_s": 20}),
        must_strike=("rate_move",),
    ),
    Scenario(
        name="rate_hole",
        what="the asks of KRW-USDT are pulled far away for moments",
        hold_s=25,
        blows=_blow(
            FIRST,
            *(
                {
                    "kind": "book_hole",
                    "bps": "500",
                    "side": side,
                    "coins": ["USDT"],
                    "after_s": after_s,
                    "for_s": 0.5,
                }
                for after_s, side in ((2, "asks"), (7, "bids"), (12, "asks"), (17, "bids"))
            ),
        ),
        must_strike=("book_hole",),
    ),
    Scenario(
        name="thin_books",
        what="both venues show a tenth of their depth",
        hold_s=25,
        blows=_both({"kind": "thin_book", "factor": "0.1"}),
        must_strike=("thin_book",),
    ),
    Scenario(
        name="stuck_price",
        what="the second venue repeats one coin's book",
        hold_s=25,
        blows=_blow(SECOND, {"kind": "stuck_price", "coins": [COIN]}),
        must_strike=("stuck_price",),
    ),
    Scenario(
        name="decimal_misplaced",
        what="the first venue tells a tenth of one coin's price",
        hold_s=20,
        blows=_blow(FIRST, {"kind": "misplaced_decimal", "factor": "0.1", "coins": [COIN]}),
        must_strike=("misplaced_decimal",),
    ),
    Scenario(
        name="rules_changed",
        what="the second venue takes coarser prices and bigger orders of one coin from now on",
        hold_s=30,
        blows=_blow(
            SECOND,
            {"kind": "changed_rules", "coins": [COIN], "tick": "0.1", "min_notional": "20"},
        ),
        must_strike=("changed_rules",),
    ),
    Scenario(
        name="key_revoked",
        what="the second venue does not know our key any more",
        hold_s=30,
        blows=_blow(SECOND, {"kind": "revoked_key"}),
        must_strike=("revoked_key",),
    ),
    Scenario(
        name="account_blocked",
        what="the first venue takes no orders from our account",
        hold_s=30,
        blows=_blow(FIRST, {"kind": "blocked_account"}),
        must_strike=("blocked_account",),
    ),
    Scenario(
        name="balance_off",
        what="40 USDT leave the second venue without an order",
        hold_s=45,  # a reconciliation comes every 30 s
        move=BalanceMove(venue=SECOND, asset="USDT", change=Decimal(-40)),
    ),
)
BY_NAME: Final = {scenario.name: scenario for scenario in SCENARIOS}
