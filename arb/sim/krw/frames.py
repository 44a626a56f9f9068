"""The four shapes of a WebSocket message: DEFAULT, SIMPLE, JSON_LIST, SIMPLE_LIST.

Pure. Messages are built with full names and shortened here. Frames are UTF-8 JSON sent as binary.
Source of the short names: the tables of fields that docs/protocols/upbit.md names.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from arb.sim.krw.text import to_json

PONG_FRAME: Final = b'{"status":"UP"}'

NO_NAMES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType({})
COMMON_NAMES: Final = {"type": "ty", "code": "cd", "timestamp": "tms", "stream_type": "st"}
_PRICE_CHANGE: Final = {
    "prev_closing_price": "pcp",
    "change": "c",
    "change_price": "cp",
    "trade_date": "td",
    "trade_time": "ttm",
    "trade_timestamp": "ttms",
}
SHORT_NAMES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "orderbook": COMMON_NAMES
        | {"total_ask_size": "tas", "total_bid_size": "tbs", "orderbook_units": "obu", "level": "lv"}
        | {"ask_price": "ap", "bid_price": "bp", "ask_size": "as", "bid_size": "bs"},
        "trade": COMMON_NAMES
        | _PRICE_CHANGE
        | {"trade_price": "tp", "trade_volume": "tv", "ask_bid": "ab", "sequential_id": "sid"}
        | {"best_ask_price": "bap", "best_ask_size": "bas", "best_bid_price": "bbp", "best_bid_size": "bbs"},
        "ticker": COMMON_NAMES
        | _PRICE_CHANGE
        | {"opening_price": "op", "high_price": "hp", "low_price": "lp", "trade_price": "tp"}
        | {"signed_change_price": "scp", "change_rate": "cr", "signed_change_rate": "scr"}
        | {"trade_volume": "tv", "acc_trade_volume": "atv", "acc_trade_volume_24h": "atv24h"}
        | {"acc_trade_price": "atp", "acc_trade_price_24h": "atp24h", "ask_bid": "ab"}
        | {"trade_date": "tdt", "acc_ask_volume": "aav", "acc_bid_volume": "abv"}
        | {"highest_52_week_price": "h52wp", "highest_52_week_date": "h52wdt"}
        | {"lowest_52_week_price": "l52wp", "lowest_52_week_date": "l52wdt"}
        | {"market_state": "ms", "delisting_date": "dd"},
        "candle": COMMON_NAMES
        | {"candle_date_time_utc": "cdttmu", "candle_date_time_kst": "cdttmk"}
        | {"opening_price": "op", "high_price": "hp", "low_price": "lp", "trade_price": "tp"}
        | {"candle_acc_trade_volume": "catv", "candle_acc_trade_price": "catp"},
        "myAsset": COMMON_NAMES
        | {"asset_uuid": "astuid", "assets": "ast", "asset_timestamp": "asttms"}
        | {"currency": "cu", "balance": "b", "locked": "l"},
        "indicator": COMMON_NAMES
        | {"timeframe": "tf", "indicator": "ind", "params": "p", "value": "v"}
        | {"candle_date_time_utc": "cdttmu"},
        "LIST_SUBSCRIPTIONS": {"method": "mthd", "result": "rslt", "ticket": "tckt"}
        | {"type": "ty", "codes": "cds", "level": "lv"},
    }
)

_WITHIN: Final[Mapping[str, Mapping[str, str]]] = (
    MappingProxyType(  # what stands inside of an indicator's fields
        {
            "params": {
                "period": "p",
                "type": "t",
                "short_period": "shp",
                "long_period": "lop",
                "multiplier": "m",
            }
            | {"fast": "f", "slow": "s", "signal_period": "sgp"},
            "value": {
                "volume": "vol",
                "avg_volume": "av",
                "ratio": "rto",
                "ma_long": "mal",
                "ma_short": "mas",
            }
            | {
                "bb_upper": "bbu",
                "bb_middle": "bbm",
                "bb_lower": "bbl",
                "histogram": "hist",
                "macd_signal": "macds",
            },
        }
    )
)


def encode_frame(
    message: Mapping[str, Any], form: str, own_names: Mapping[str, Mapping[str, str]] = NO_NAMES
) -> bytes:
    """Return `message` as a frame in the connection's format; `own_names` are those of one venue, by type."""
    shaped: Any = message
    kind = _kind(message)
    if form.startswith("SIMPLE"):
        shaped = _shorten(message, own_names.get(kind) or SHORT_NAMES[kind])
    return to_json([shaped] if form.endswith("LIST") else shaped)


def _kind(message: Mapping[str, Any]) -> str:
    return str(message.get("method") or message["type"]).partition(".")[0]


def _shorten(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {names.get(key, key): _shorten(item, _WITHIN.get(key, names)) for key, item in value.items()}
    if isinstance(value, list):
        return [_shorten(item, names) for item in value]
    return value
