"""The list of coins as it is typed: one that is none is refused at once, with one line that says why."""

import re
from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import AfterValidator, Field

NAME: Final = re.compile(r"[A-Z0-9]{1,20}")
MARKET: Final = re.compile(r"(?:KRW|USDT)[-/_](.+)|(.+)[-/_](?:KRW|USDT|BTC)|BTC[-/_](.+)")
PAIR: Final = re.compile(r"(?P<base>[A-Z0-9]{2,})USDT")
SHOWN_MAX: Final = 40
RATE: Final = "USDT"  # what the rate is of
MONEY: Final = (RATE, "KRW")


def checked(coins: Sequence[str]) -> tuple[str, ...]:
    """Return the coins as they are. Raises: ValueError with what is wrong with the first that is none."""
    for coin in coins:
        if fault := _fault(coin):
            raise ValueError(fault)
    twice = next((coin for coin in coins if coins.count(coin) > 1), None)
    if twice is not None:
        raise ValueError(f"{twice} is there twice")
    return tuple(coins)


def _fault(coin: str) -> str:
    """Return what is wrong with a coin's name, empty if nothing is."""
    if len(coin) > SHOWN_MAX:
        return f"{coin[:SHOWN_MAX]!r}... is no coin: write its name in capital letters and digits"
    if not coin.strip():
        return "one of them is empty: is there a comma too many?"
    if market := MARKET.fullmatch(coin.upper()):
        return f"{coin!r} is a market: write the coin alone, as {next(filter(None, market.groups()))}"
    if coin in MONEY:
        return f"{coin} is what the coins are paid with: write coins that both venues list, as BTC"
    if pair := PAIR.fullmatch(coin.upper()):
        return f"{coin!r} is a market: write the coin alone, as {pair['base']}"
    if not NAME.fullmatch(coin):
        capital = coin.strip().upper()
        meant = f", as {capital}" if NAME.fullmatch(capital) else ""
        return f"{coin!r} is no coin: write its name in capital letters and digits{meant}"
    return ""


Coins = Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(checked)]
