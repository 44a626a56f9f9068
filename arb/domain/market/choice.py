"""Which coins are traded where none are named: what both venues list, as many as are fed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from arb.domain.market.ids import Coin
from arb.domain.market.money import ZERO

NAME: Final = re.compile(r"[A-Z0-9]{1,20}")  # of a coin; what a venue lists under another one is none


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCoin:
    """A coin that both venues list, as they tell of it now."""

    coin: Coin
    turnover_krw: Decimal | None  # of a day, at the venue where that is less; None where nobody tells
    obstacle: str = ""  # why it is not taken up now


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The coins of a session, and of those that both venues list the others, with why."""

    coins: tuple[Coin, ...]
    left_out: Mapping[Coin, str]
    chosen_at_ns: int


def choose(listed: Sequence[ListedCoin], before: Sequence[Coin], room: int, now_ns: int) -> Choice:
    """Return what is traded from now on.

    What was traded before stays while both venues list it, so that a warning or a day of less turnover moves
    nothing; the room that is left goes to the others, those of the greatest turnover first.
    """
    ranked = sorted(listed, key=_rank)
    names = {each.coin for each in listed}
    staying = [coin for coin in before if coin in names][:room]
    others = [each for each in ranked if each.coin not in staying]
    fit = [each.coin for each in others if not each.obstacle]
    taken = fit[: room - len(staying)]
    full = f"no room: {room} coins are fed, those of the greatest turnover"
    left_out = {each.coin: each.obstacle or full for each in others if each.coin not in taken}
    return Choice(coins=(*staying, *taken), left_out=left_out, chosen_at_ns=now_ns)


def is_believable(listed: Sequence[ListedCoin], before: Sequence[Coin]) -> bool:
    """Tell whether venues may have delisted what is missing: half of all at once is an answer cut short."""
    staying = len({each.coin for each in listed} & set(before))
    return 2 * staying >= len(before)


def _rank(each: ListedCoin) -> tuple[bool, Decimal, Coin]:
    return each.turnover_krw is None, -(each.turnover_krw or ZERO), each.coin
