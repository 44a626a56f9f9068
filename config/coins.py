"""The list of coins as it is typed: one that is none is refused at once, with one line that says why.

`all` in its place stands for those that both venues list: then there are no names, and `all` is written.
"""

import re
from collections.abc import Sequence
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, PlainSerializer

from arb.domain.market.choice import NAME

ALL: Final = "all"
MARKET: Final = re.compile(r"(?:KRW|USDT)[-/_](.+)|(.+)[-/_](?:KRW|USDT|BTC)|BTC[-/_](.+)")
PAIR: Final = re.compile(r"(?P<base>[A-Z0-9]{2,})USDT")
SHOWN_MAX: Final = 40
RATE: Final = "USDT"  # what the rate is of
MONEY: Final = (RATE, "KRW")


def named(value: Any) -> Any:
    """Return the list as it was typed, nothing for all. Raises: ValueError."""
    typed = value if isinstance(value, str | list | tuple) else ()
    if typed in (ALL, [ALL], (ALL,)):
        return ()
    if isinstance(value, list | tuple) and not value:
        raise ValueError("none is named: write those that are traded, or all")
    if ALL in typed and not isinstance(typed, str):
        raise ValueError("all stands alone: write it in place of the list, or name the coins")
    return value


def _written(coins: tuple[str, ...]) -> Any:
    """Return what stands for these coins in a file."""
    return list(coins) or ALL


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


Coins = Annotated[tuple[str, ...], BeforeValidator(named), AfterValidator(checked), PlainSerializer(_written)]
