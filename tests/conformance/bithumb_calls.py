"""The calls of Bithumb that a client is tried with, each with the documented answer."""

import time
from collections.abc import Callable
from itertools import count
from typing import Any

from tests.conformance.ccxt_unified import holds
from tests.conformance.judge import Judge, Refusal
from tests.conformance.shapes import amount, number, rows, text, whole

Speak = Callable[[str, dict[str, Any]], Any]
PLACE = "POST /v2/orders"
FIND = "GET /v1/order"
CANCEL = "DELETE /v2/order"
SHOWN_S = 0.05  # until what became of an order is told
MARKET = "KRW-BTC"
UNIT = 1_000


def _listed(value: Any) -> bool:
    return isinstance(value, list)


def _object(value: Any) -> bool:
    return isinstance(value, dict)


ORDER = holds(
    uuid=text, market=MARKET, volume=amount, executed_volume=amount, paid_fee=amount, trades=_listed
)


def try_bithumb(judge: Judge, speak: Speak) -> None:
    """Make every call."""
    price = _quotation(judge, speak)
    _account(judge, speak)
    numbers = count(1)
    for side, factor in (("bid", 0.9), ("ask", 1.1)):
        _resting(judge, speak, side, _on_unit(price * factor), f"c-{next(numbers)}")
    for side, factor in (("bid", 1.05), ("ask", 0.95)):
        _at_once(judge, speak, side, _on_unit(price * factor), f"c-{next(numbers)}")
    _nothing(judge, speak, _on_unit(price * 0.9), f"c-{next(numbers)}")
    _refused(judge, speak, _on_unit(price))
    judge.ask("ended orders", lambda: speak("GET /v2/orders/history", {"market": MARKET}), holds(data=rows))


def _on_unit(price: float) -> str:
    return str(int(price) // UNIT * UNIT)


def _quotation(judge: Judge, speak: Speak) -> float:
    details = [holds(market=text, market_warning=text)]
    judge.ask("markets", lambda: speak("GET /v1/market/all", {"isDetails": "true"}), details)
    book = [holds(market=MARKET, timestamp=whole, orderbook_units=_listed)]
    judge.ask("book", lambda: speak("GET /v1/orderbook", {"markets": MARKET}), book)
    ticker = [holds(market=MARKET, trade_price=number)]
    found = judge.ask("ticker", lambda: speak("GET /v1/ticker", {"markets": MARKET}), ticker)
    return float(found[0]["trade_price"])


def _account(judge: Judge, speak: Speak) -> None:
    account = [holds(currency=text, balance=amount, locked=amount)]
    judge.ask("accounts", lambda: speak("GET /v1/accounts", {}), account)
    chance = holds(bid_fee=amount, ask_fee=amount, market=_object)
    judge.ask("chance", lambda: speak("GET /v1/orders/chance", {"market": MARKET}), chance)


def _order(side: str, price: str, name: str, **more: str) -> dict[str, str]:
    return {
        "market": MARKET, "side": side, "order_type": "limit", "volume": "0.001", "price": price,
        "client_order_id": name, **more,
    }  # fmt: skip


def _resting(judge: Judge, speak: Speak, side: str, price: str, name: str) -> None:
    ack = holds(order_id=text, client_order_id=name)
    named = {"client_order_id": name}
    placed = judge.ask(f"place {side}", lambda: speak(PLACE, _order(side, price, name)), ack)
    time.sleep(SHOWN_S)
    judge.ask(f"find {side}", lambda: speak(FIND, named), ORDER)
    by_uuid = holds(uuid=placed["order_id"], state="wait", client_order_id=name)
    judge.ask(f"find {side} by uuid", lambda: speak(FIND, {"uuid": placed["order_id"]}), by_uuid)
    judge.ask("open orders", lambda: speak("GET /v2/orders/pending", {"market": MARKET}), holds(data=rows))
    judge.ask(f"cancel {side}", lambda: speak(CANCEL, named), ack)
    time.sleep(SHOWN_S)
    judge.ask(f"find cancelled {side}", lambda: speak(FIND, named), holds(state="cancel"))
    judge.ask(f"cancel {side} again", lambda: speak(CANCEL, named), Refusal("order_not_found"))


def _at_once(judge: Judge, speak: Speak, side: str, price: str, name: str) -> None:
    order = _order(side, price, name, time_in_force="ioc")
    judge.ask(f"place ioc {side}", lambda: speak(PLACE, order), holds(client_order_id=name))
    time.sleep(SHOWN_S)
    done = holds(state="done", time_in_force="ioc", executed_volume="0.001", trades=_listed)
    judge.ask(f"find ioc {side}", lambda: speak(FIND, {"client_order_id": name}), done)


def _nothing(judge: Judge, speak: Speak, price: str, name: str) -> None:
    order = _order("bid", price, name, time_in_force="ioc")
    judge.ask("place ioc that meets no price", lambda: speak(PLACE, order), holds(client_order_id=name))
    time.sleep(SHOWN_S)
    ended = holds(state="cancel", cancel_type="tif_cancel", trades=_listed)
    judge.ask("find ioc that met no price", lambda: speak(FIND, {"client_order_id": name}), ended)


def _refused(judge: Judge, speak: Speak, price: str) -> None:
    for name, changes, code in (
        ("between two price units", {"price": f"{int(price) + 1}"}, "invalid_price_bid"),
        ("too small", {"volume": "0.00000001"}, "under_min_total_bid"),
        ("a name that is none", {"client_order_id": "a.b"}, "invalid_parameter"),
        ("no side", {"side": "buy"}, "invalid_parameter"),
        ("no market", {"market": "KRW-NOSUCH"}, "invalid_parameter"),
    ):
        order = {**_order("bid", price, "c-refused"), **changes}
        judge.ask(f"place {name}", lambda order=order: speak(PLACE, order), Refusal(code))
    judge.ask("find nobody", lambda: speak(FIND, {"client_order_id": "c-0"}), Refusal("order_not_found"))
