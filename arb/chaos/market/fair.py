"""What everything is worth while no fault is on: the second venue's middles, at the rate's own."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import orjson
import urllib3

from arb.chaos.market.scenarios import FIRST, SECOND
from arb.domain.errors import VenueError
from arb.domain.market.ids import Venue
from arb.domain.market.money import ONE

TIMEOUT_S: Final = 10.0


def fair_prices(base_urls: Mapping[Venue, str]) -> dict[str, Decimal]:
    """Return KRW for one unit of each asset, asked of the venues. Raises: VenueError."""
    http = urllib3.PoolManager(timeout=TIMEOUT_S, retries=False)
    [rate] = _get(http, base_urls, FIRST, "/v1/orderbook?markets=KRW-USDT")
    unit = rate["orderbook_units"][0]
    krw_per_usdt = (Decimal(str(unit["bid_price"])) + Decimal(str(unit["ask_price"]))) / 2
    tickers = _get(http, base_urls, SECOND, "/api/v3/ticker/bookTicker")
    coins = {
        row["symbol"].removesuffix("USDT"): (Decimal(row["bidPrice"]) + Decimal(row["askPrice"])) / 2
        for row in tickers
    }
    worth = {coin: price * krw_per_usdt for coin, price in coins.items()}
    return worth | {"KRW": ONE, "USDT": krw_per_usdt}


def _get(http: urllib3.PoolManager, base_urls: Mapping[Venue, str], venue: Venue, path: str) -> Any:
    url = base_urls[venue].rstrip("/") + path
    try:
        reply = http.request("GET", url)
    except urllib3.exceptions.HTTPError as error:
        raise VenueError(venue, f"{url}: {error}") from error
    if reply.status != 200:
        raise VenueError(venue, f"{url} answers {reply.status}")
    return orjson.loads(reply.data)
