"""Every fault a simulated venue can be told to show, what each takes, and when it is looked at.

One row a kind: the moment, whom it strikes without a name, and the fields that are its own. What
faults do to requests is in fault_effects.py, to frames in fault_stream.py, to the market in
market_faults.py.
"""

from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from arb.sim.core.orders import OrderSide


class FaultKind(StrEnum):
    """Every fault a venue can be told to show."""

    ACCEPT_THEN_DROP_REPLY = "accept_then_drop_reply"
    DROP_THEN_TIMEOUT = "drop_then_timeout"
    ERROR_5XX_ACCEPTED = "error_5xx_accepted"
    ERROR_5XX_NOT_ACCEPTED = "error_5xx_not_accepted"
    SLOW_ACCEPT = "slow_accept"
    LATE_EXECUTION = "late_execution"
    REJECT = "reject"
    RATE_LIMIT_429 = "rate_limit_429"
    BAN_418 = "ban_418"
    PARTIAL_FILL = "partial_fill"
    GET_NOT_YET_VISIBLE = "get_not_yet_visible"
    LATE_TRADES = "late_trades"
    LATE_FEE = "late_fee"
    DUPLICATE_EVENT = "duplicate_event"
    MISSING_EVENT = "missing_event"
    LATE_EVENT = "late_event"
    REORDERED_EVENT = "reordered_event"
    FREEZE_STREAM = "freeze_stream"
    DROP_SOCKETS = "drop_sockets"
    CROSSED_BOOK = "crossed_book"
    MALFORMED_FRAME = "malformed_frame"
    CLOCK_SKEW_MS = "clock_skew_ms"
    IDENTIFIER_FREE = "identifier_free_after_refusal"
    STREAM_LAG = "stream_lag"
    MAINTENANCE = "maintenance"
    GONE = "gone"
    PRICE_MOVE = "price_move"
    RATE_MOVE = "rate_move"
    ONE_SIDED_BOOK = "one_sided_book"
    BOOK_HOLE = "book_hole"
    THIN_BOOK = "thin_book"
    STUCK_PRICE = "stuck_price"
    MISPLACED_DECIMAL = "misplaced_decimal"
    HALTED_COIN = "halted_coin"
    CLOSED_WALLET = "closed_wallet"
    CHANGED_RULES = "changed_rules"
    REVOKED_KEY = "revoked_key"
    BLOCKED_ACCOUNT = "blocked_account"


class FaultStage(StrEnum):
    """The moment at which a kind of fault is looked at."""

    REQUEST = "request"  # before the venue acts
    REPLY = "reply"  # after it acted, before it answers
    MATCH = "match"  # while an order meets the book
    LOOKUP = "lookup"  # when an order is asked for
    PRIVATE = "private"  # per frame of a user stream
    PUBLIC = "public"  # per frame of a market stream
    SOCKET = "socket"  # once per market step
    STANDING = "standing"  # a condition, no dice
    MARKET = "market"  # a condition of the venue's books, once per market step


class Scope(StrEnum):
    """What a fault without an endpoint applies to."""

    ORDER = "order"
    ANY = "any"


class BookSide(StrEnum):
    """Which side of a book."""

    BIDS = "bids"
    ASKS = "asks"


class WalletState(StrEnum):
    """What can be done with a coin's wallet, in Upbit's words."""

    WITHDRAW_ONLY = "withdraw_only"
    DEPOSIT_ONLY = "deposit_only"
    PAUSED = "paused"
    UNSUPPORTED = "unsupported"


class StreamsInOutage(StrEnum):
    """What becomes of the streams of a venue whose REST API is down."""

    ALIVE = "alive"
    CUT = "cut"


class Row(NamedTuple):
    """One kind: when it is looked at, whom it strikes, and its own fields."""

    stage: FaultStage
    scope: Scope = Scope.ANY
    needs: frozenset[str] = frozenset()
    takes: frozenset[str] = frozenset()


_COURSE: Final = frozenset({"ramp_s", "hold_s", "recover_s"})
_COINS: Final = frozenset({"coins"})
_RULES: Final = frozenset({"tick", "lot", "min_notional"})

TABLE: Final = MappingProxyType(
    {
        FaultKind.RATE_LIMIT_429: Row(FaultStage.REQUEST),
        FaultKind.BAN_418: Row(FaultStage.REQUEST),
        FaultKind.DROP_THEN_TIMEOUT: Row(FaultStage.REQUEST, Scope.ORDER),
        FaultKind.ERROR_5XX_NOT_ACCEPTED: Row(FaultStage.REQUEST, Scope.ORDER),
        FaultKind.REJECT: Row(FaultStage.REQUEST, Scope.ORDER, takes=_COINS | {"side"}),
        FaultKind.SLOW_ACCEPT: Row(FaultStage.REQUEST, Scope.ORDER),
        FaultKind.LATE_EXECUTION: Row(FaultStage.REQUEST, Scope.ORDER),
        FaultKind.ACCEPT_THEN_DROP_REPLY: Row(FaultStage.REPLY, Scope.ORDER),
        FaultKind.ERROR_5XX_ACCEPTED: Row(FaultStage.REPLY, Scope.ORDER),
        FaultKind.PARTIAL_FILL: Row(FaultStage.MATCH),
        FaultKind.GET_NOT_YET_VISIBLE: Row(FaultStage.LOOKUP),
        FaultKind.DUPLICATE_EVENT: Row(FaultStage.PRIVATE),
        FaultKind.MISSING_EVENT: Row(FaultStage.PRIVATE),
        FaultKind.LATE_EVENT: Row(FaultStage.PRIVATE),
        FaultKind.REORDERED_EVENT: Row(FaultStage.PRIVATE),
        FaultKind.FREEZE_STREAM: Row(FaultStage.PUBLIC),
        FaultKind.CROSSED_BOOK: Row(FaultStage.PUBLIC),
        FaultKind.MALFORMED_FRAME: Row(FaultStage.PUBLIC),
        FaultKind.DROP_SOCKETS: Row(FaultStage.SOCKET),
        FaultKind.CLOCK_SKEW_MS: Row(FaultStage.STANDING),
        FaultKind.IDENTIFIER_FREE: Row(FaultStage.STANDING),
        FaultKind.STREAM_LAG: Row(FaultStage.STANDING, needs=frozenset({"delay_ms"})),
        FaultKind.MAINTENANCE: Row(FaultStage.STANDING, takes=frozenset({"streams", "announced"})),
        FaultKind.LATE_TRADES: Row(FaultStage.STANDING, needs=frozenset({"delay_ms"})),
        FaultKind.LATE_FEE: Row(FaultStage.STANDING, needs=frozenset({"delay_ms"})),
        FaultKind.GONE: Row(FaultStage.STANDING),
        FaultKind.PRICE_MOVE: Row(FaultStage.MARKET, needs=frozenset({"bps"}), takes=_COINS | _COURSE),
        FaultKind.RATE_MOVE: Row(FaultStage.MARKET, needs=frozenset({"bps"}), takes=_COURSE),
        FaultKind.ONE_SIDED_BOOK: Row(FaultStage.MARKET, needs=frozenset({"side"}), takes=_COINS),
        FaultKind.BOOK_HOLE: Row(FaultStage.MARKET, needs=frozenset({"bps"}), takes=_COINS | {"side"}),
        FaultKind.THIN_BOOK: Row(FaultStage.MARKET, needs=frozenset({"factor"}), takes=_COINS),
        FaultKind.STUCK_PRICE: Row(FaultStage.MARKET, takes=_COINS),
        FaultKind.MISPLACED_DECIMAL: Row(FaultStage.MARKET, needs=frozenset({"factor"}), takes=_COINS),
        FaultKind.HALTED_COIN: Row(FaultStage.MARKET, needs=_COINS),
        FaultKind.CLOSED_WALLET: Row(FaultStage.STANDING, takes=_COINS | {"wallet"}),
        FaultKind.CHANGED_RULES: Row(FaultStage.STANDING, needs=_COINS, takes=_RULES),
        FaultKind.REVOKED_KEY: Row(FaultStage.STANDING),
        FaultKind.BLOCKED_ACCOUNT: Row(FaultStage.STANDING),
    }
)

COMMON_FIELDS: Final = ("probability", "endpoint", "client_id", "count", "delay_ms", "after_s", "for_s")
SIDES: Final = MappingProxyType(
    {
        FaultKind.REJECT: tuple(OrderSide),
        FaultKind.ONE_SIDED_BOOK: tuple(BookSide),
        FaultKind.BOOK_HOLE: tuple(BookSide),
    }
)
# Prices in KRW per USDT are moved only when they are named: all coins falling is no fall of the rate.
NOT_THE_RATE: Final = frozenset({FaultKind.PRICE_MOVE, FaultKind.MISPLACED_DECIMAL})
RATE_COIN: Final = "USDT"
