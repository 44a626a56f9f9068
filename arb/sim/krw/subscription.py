"""What a WebSocket client asks for.

Pure. A request is a JSON array of a ticket, one or more types or a method, and a format. Each
request replaces the connection's subscriptions. Source: docs/protocols/upbit.md.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from arb.sim.krw.errors import SocketRejection
from arb.sim.krw.indicators import TIMEFRAMES, Indicator, read_indicator

FORMATS: Final = frozenset({"DEFAULT", "SIMPLE", "JSON_LIST", "SIMPLE_LIST"})
MINUTES: Final = (1, 3, 5, 10, 15, 30, 60, 240)  # of candles
CANDLE_SPANS: Final = MappingProxyType(
    {"candle.1s": 1} | {f"candle.{unit}m": unit * 60 for unit in MINUTES}
)  # seconds
PUBLIC_TYPES: Final = frozenset({"orderbook", "trade", "ticker", *CANDLE_SPANS})
PRIVATE_TYPES: Final = frozenset({"myOrder", "myAsset"})
INFO_TYPES: Final = frozenset({"indicator"})
ORDERBOOK_UNITS: Final = frozenset({1, 5, 15, 30})
ORDERBOOK_UNIT_DEFAULT: Final = 30
LIST_METHOD: Final = "LIST_SUBSCRIPTIONS"
MESSAGE_LENGTH_MAX: Final = 65_536  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class KrwSubscription:
    """One type of message for some markets; no codes means all of them."""

    type: str
    codes: tuple[str, ...] = ()
    level: int = 0  # order book grouping in KRW; 0 is none
    snapshot: bool = True
    realtime: bool = True
    timeframe: str = ""  # of indicators
    indicators: tuple[Indicator, ...] = ()

    def covers(self, market: str) -> bool:
        """Return whether messages about `market` are wanted."""
        return not self.codes or market in self.codes


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A message from a client, read and checked."""

    ticket: str
    subscriptions: tuple[KrwSubscription, ...] = ()
    method: str | None = None
    format: str = "DEFAULT"


def read_request(text: str, types: frozenset[str]) -> Request:
    """Return the request in `text`, allowing only `types`.

    Raises: SocketRejection (INVALID_AUTH for private types on the public socket, and the other names).
    """
    fields = _fields(text)
    ticket = _only(fields, "ticket")
    if not isinstance(ticket, str) or not ticket:
        raise SocketRejection("NO_TICKET")
    form = _only(fields, "format") or "DEFAULT"
    if form not in FORMATS:
        raise SocketRejection("INVALID_PARAM")
    method = _only(fields, "method")
    if method is not None:
        if method != LIST_METHOD:
            raise SocketRejection("INVALID_PARAM")
        return Request(ticket=ticket, method=method, format=form)
    wanted = tuple(_subscription(each, types) for each in fields if "type" in each)
    if not wanted:
        raise SocketRejection("NO_TYPE")
    return Request(ticket=ticket, subscriptions=wanted, format=form)


def split_code(code: str) -> tuple[str, int]:
    """Return (market, units) of `KRW-BTC` or `KRW-BTC.15`; unknown units become 30."""
    market, _, suffix = code.partition(".")
    units = int(suffix) if suffix.isdecimal() else ORDERBOOK_UNIT_DEFAULT
    return market, units if units in ORDERBOOK_UNITS else ORDERBOOK_UNIT_DEFAULT


def listing(request: Request, subscriptions: Iterable[KrwSubscription]) -> dict[str, Any]:
    """Return the answer to LIST_SUBSCRIPTIONS."""
    return {
        "method": LIST_METHOD,
        "result": [_described(each) for each in subscriptions],
        "ticket": request.ticket,
    }


def _described(each: KrwSubscription) -> dict[str, Any]:
    described: dict[str, Any] = {"type": each.type}
    if each.codes:
        described["codes"] = list(each.codes)
    if each.type == "orderbook":
        described["level"] = each.level
    return described


def _fields(text: str) -> list[dict[str, Any]]:
    try:
        value = json.loads(text) if len(text) <= MESSAGE_LENGTH_MAX else None
    except ValueError as error:
        raise SocketRejection("WRONG_FORMAT") from error
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise SocketRejection("WRONG_FORMAT")
    return value


def _only(fields: list[dict[str, Any]], name: str) -> Any:
    return next((each[name] for each in fields if name in each), None)


def _subscription(each: dict[str, Any], types: frozenset[str]) -> KrwSubscription:
    kind = each["type"]
    if not isinstance(kind, str):
        raise SocketRejection("INVALID_PARAM")
    if kind not in types:
        raise SocketRejection("INVALID_AUTH" if kind in PRIVATE_TYPES | INFO_TYPES else "INVALID_PARAM")
    level = each.get("level", 0)
    if isinstance(level, bool) or not isinstance(level, int | float) or level < 0:
        raise SocketRejection("INVALID_PARAM")
    timeframe, indicators = _indicators(each) if kind in INFO_TYPES else ("", ())
    return KrwSubscription(
        type=kind,
        codes=_codes(kind, each),
        timeframe=timeframe,
        indicators=indicators,
        level=int(level),
        snapshot=not _flag(each, "is_only_realtime", "isOnlyRealtime"),
        realtime=not _flag(each, "is_only_snapshot", "isOnlySnapshot"),
    )


def _codes(kind: str, each: dict[str, Any]) -> tuple[str, ...]:
    codes = each.get("codes")
    if kind == "myAsset" and codes is not None:
        raise SocketRejection("WRONG_FORMAT")
    if codes is not None and not (isinstance(codes, list) and all(isinstance(code, str) for code in codes)):
        raise SocketRejection("WRONG_FORMAT")
    if not codes and kind in PUBLIC_TYPES | INFO_TYPES:
        raise SocketRejection("NO_CODES")
    return tuple(codes or ())


def _indicators(each: dict[str, Any]) -> tuple[str, tuple[Indicator, ...]]:
    timeframe, asked = each.get("timeframe"), each.get("indicators")
    if (
        not isinstance(timeframe, str)
        or timeframe not in TIMEFRAMES
        or not isinstance(asked, list)
        or not asked
    ):
        raise SocketRejection("INVALID_PARAM")
    try:
        return timeframe, tuple(read_indicator(one) for one in asked)
    except (TypeError, ValueError) as error:
        raise SocketRejection("INVALID_PARAM") from error


def _flag(each: dict[str, Any], *names: str) -> bool:
    return any(each.get(name) is True for name in names)
