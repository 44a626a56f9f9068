"""How much of each risk ceiling is used."""

from decimal import Decimal
from typing import Any, Final

from arb.domain.market.money import ZERO
from arb.domain.risk.review import Exposure
from config.settings import Settings

NET_DIRECTION: Final = "net_direction"
INVENTORY_DRIFT: Final = "inventory_drift"
CURRENCIES: Final = (NET_DIRECTION, INVENTORY_DRIFT)


def budget(settings: Settings, exposure: Exposure) -> list[dict[str, Any]]:
    """Return name, unit, amount used and ceiling of each limit.

    Of those with a direction also the amount with its sign: above 0 is long in USDT.
    """
    risk, currencies = settings.risk, exposure.currencies
    fullest = max(exposure.notional_by_coin_krw.values(), default=ZERO)
    busiest = max(exposure.trades_open_by_coin.values(), default=0)
    lost = exposure.loss_reserved_krw - exposure.realised_today_krw
    return [
        _line("notional_total", "KRW", exposure.notional_total_krw, risk.notional_total_krw_max),
        _line("notional_per_coin", "KRW", fullest, risk.notional_per_coin_krw_max),
        _signed(NET_DIRECTION, currencies.net_krw, risk.net_direction_krw_max),
        _signed(INVENTORY_DRIFT, currencies.drift_krw, risk.inventory_drift_krw_max),
        _line("daily_loss", "KRW", max(ZERO, lost), risk.daily_loss_krw_max),
        _line("trades_open", "", exposure.trades_open, risk.trades_open_max),
        _line("trades_open_per_coin", "", busiest, risk.trades_open_per_coin_max),
        _line("orders_per_minute", "", exposure.orders_last_minute, risk.orders_per_minute_max),
    ]


def _line(name: str, unit: str, used: Decimal | int, limit: Decimal | int) -> dict[str, Any]:
    return {"name": name, "unit": unit, "used": Decimal(used), "limit": Decimal(limit), "signed": None}


def _signed(name: str, amount: Decimal, limit: Decimal) -> dict[str, Any]:
    return _line(name, "KRW", abs(amount), limit) | {"signed": amount}
