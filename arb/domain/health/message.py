"""Messages that are sent besides alerts: their kinds, and the words of each.

A template is text with `$names` of its facts; its first line is the headline. Amounts are facts as exact
text and are rounded only here, by the unit that their name ends with.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from string import Template
from types import MappingProxyType
from typing import Final

from arb.domain.market.money import ZERO

LINES_MAX: Final = 20  # of one message that tells several things
HEADLINE_MAX: Final = 200
CHARACTERS_MAX: Final = 1_700  # Discord takes 2,000, headline included
SUM: Final = "pnl_krw"
AT_RATE: Final = "at_rate"  # nothing where both venues quote in one currency
Facts = Mapping[str, str]


class MessageKind(StrEnum):
    """The kinds of messages that are sent beside alerts."""

    TRADE_CLOSED = "trade_closed"
    DAY_SUMMARY = "day_summary"
    PREMIUM_ABOVE = "premium_above"
    INVENTORY_LOW = "inventory_low"
    RULES_CHANGED = "rules_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One piece of news of a session; what has its kind and key is told once."""

    kind: MessageKind
    key: str
    at_ns: int
    facts: Facts = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Words:
    """How a kind is told by itself, and where several are told at once: their headline and a line each."""

    facts: tuple[str, ...]
    alone: str
    headline: str = ""
    line: str = ""


WORDS: Final[Mapping[MessageKind, Words]] = MappingProxyType(
    {
        MessageKind.TRADE_CLOSED: Words(
            facts=(
                *("trade_id", "coin", "direction", "reason", "held_s", "pnl_krw", "pnl_bps"),
                *("entry_premium_bps", "notional_amount_krw", "fees_amount_krw"),
            ),
            alone="Trade closed: $coin, $pnl_krw KRW ($pnl_bps bps)\n"
            "$direction, held $held_s, closed by $reason.\n"
            "Entry premium $entry_premium_bps bps, $notional_amount_krw KRW a leg, "
            "fees $fees_amount_krw KRW.\n"
            "Trade $trade_id",
            headline="$count trades closed: $sum KRW",
            line="$coin $pnl_krw KRW, $reason, held $held_s",
        ),
        MessageKind.DAY_SUMMARY: Words(
            facts=(
                *("day", "pnl_krw", "trades", "won", "lost", "open", "fees_amount_krw", "fees"),
                *("inventory", "incidents"),
            ),
            alone="Day $day: $pnl_krw KRW of $trades trades\n"
            "Won $won, lost $lost; $open are open now. Fees $fees_amount_krw KRW ($fees).\n"
            "Inventory: $inventory\n"
            "Incidents: $incidents",
        ),
        MessageKind.PREMIUM_ABOVE: Words(
            facts=("coin", "premium_bps", "mark_bps", "edge_bps", "rate", AT_RATE),
            alone="Premium of $coin: $premium_bps bps\n"
            "The mark is $mark_bps bps. Net edge $edge_bps bps$at_rate.",
            headline="Premium beyond its mark: $count coins",
            line="$coin $premium_bps bps, net edge $edge_bps bps",
        ),
        MessageKind.INVENTORY_LOW: Words(
            facts=("venue", "asset", "free", "legs", "mark_legs"),
            alone="Inventory low: $venue has $free $asset free\n"
            "Enough for $legs legs of a trade, the mark is $mark_legs.",
            headline="Inventory low: $count assets",
            line="$venue has $free $asset free, enough for $legs legs",
        ),
        MessageKind.RULES_CHANGED: Words(
            facts=("number", "why", "changes"),
            alone="New rules: generation $number of the settings\n$why\n$changes",
        ),
    }
)


def problem_of(kind: MessageKind, template: str) -> str:
    """Return in one line what is wrong with a template of somebody's own; empty if nothing is."""
    parsed = Template(template)
    if not template.strip():
        return "it is empty"
    if not parsed.is_valid():
        return "a $ that begins no name: write $$ for the sign itself"
    unknown = [name for name in parsed.get_identifiers() if name not in WORDS[kind].facts]
    if unknown:
        return f"${unknown[0]} is no fact of {kind}; there are {', '.join(WORDS[kind].facts)}"
    return ""


def is_told_together(kind: MessageKind) -> bool:
    """Tell whether several of a kind make one message."""
    return bool(WORDS[kind].headline)


def render(kind: MessageKind, news: Sequence[Facts], own: Mapping[str, str]) -> tuple[str, str]:
    """Return headline and text of one or several of a kind; `own` are templates in place of ours."""
    words = WORDS[kind]
    if len(news) == 1:
        text = _filled(own.get(kind, words.alone), news[0])
    else:
        total = sum((_number(each.get(SUM, "")) for each in news), ZERO)
        head = {"count": str(len(news)), "sum": shown(SUM, str(total))}
        lines = [_filled(words.line, each) for each in news[:LINES_MAX]]
        more = len(news) - LINES_MAX
        rest = [f"and {more} more"] if more > 0 else []
        text = "\n".join((Template(words.headline).safe_substitute(head), *lines, *rest))
    title, _, body = text.strip().partition("\n")
    return title[:HEADLINE_MAX], body if len(body) <= CHARACTERS_MAX else f"{body[: CHARACTERS_MAX - 1]}…"


def _filled(template: str, facts: Facts) -> str:
    told = {name: shown(name, value) for name, value in facts.items()}
    return Template(template).safe_substitute({AT_RATE: "", **told})  # kept before there was one


def shown(name: str, value: str) -> str:
    """Return a fact as a person reads it, by the unit that its name ends with."""
    try:
        if name.endswith("_amount_krw"):
            return f"{Decimal(value):,.0f}"
        if name.endswith("_krw"):
            return f"{Decimal(value):+,.0f}"
        if name.endswith("_bps"):
            return f"{Decimal(value):+.1f}"
        if name.endswith("_s"):
            return _duration(int(value))
    except (InvalidOperation, ValueError):
        return value or "unknown"
    return value


def _number(value: str) -> Decimal:
    try:
        return Decimal(value)
    except InvalidOperation:
        return ZERO


def _duration(seconds: int) -> str:
    minutes, rest = divmod(max(0, seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
