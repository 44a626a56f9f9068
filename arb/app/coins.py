"""The coins of a session: which are traded, which are paused by hand, and what is open of each."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine as Database

from arb.adapters.postgres.by_hand import SqlByHand
from arb.adapters.postgres.choices import SqlChoices
from arb.adapters.postgres.sessions import SqlSessionStore
from arb.adapters.postgres.trades import SqlTradeStore
from arb.domain.errors import ConfigError
from arb.domain.market.ids import Coin
from arb.domain.market.money import ZERO, plain
from arb.domain.trading.by_hand import CoinPause
from arb.domain.trading.trade import Trade
from arb.ports.trading import Session
from config.coins import named
from config.settings import load


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCoin:
    """One coin of a session."""

    coin: Coin
    is_listed: bool  # in the settings that the session runs with
    pause: CoinPause | None
    trades: int
    notional_krw: Decimal

    def as_json(self) -> dict[str, Any]:
        """Return the coin, its pause, its open trades and their notional as JSON."""
        pause = self.pause
        return {
            "coin": self.coin,
            "listed": self.is_listed,
            "paused": None if pause is None else pause_document(pause),
            "trades": self.trades,
            "notional_krw": plain(self.notional_krw),
        }


def pause_document(pause: CoinPause) -> dict[str, Any]:
    """Return a pause as JSON."""
    return {"coin": pause.coin, "since_ns": pause.since_ns, "by": pause.by, "reason": pause.reason}


def coins_of(database: Database, session: Session) -> tuple[SessionCoin, ...]:
    """Return the coins that a session trades, and those that it holds or has paused besides."""
    listed = _listed(database, session)
    pauses = {pause.coin: pause for pause in SqlByHand(database).pauses(session.session_id)}
    store = SqlTradeStore(database)
    at_risk = [view.trade for view in store.active(session.session_id)]
    at_risk += [leg.trade for leg in store.alone(session.session_id) if leg.is_waiting]
    others = sorted({*pauses, *(trade.coin for trade in at_risk)} - set(listed))
    return tuple(
        _line(coin, coin in listed, pauses.get(coin), [trade for trade in at_risk if trade.coin == coin])
        for coin in (*listed, *others)
    )


def left_out(database: Database, session: Session) -> dict[str, str]:
    """Return the coins that both venues list and a session with `coins: all` leaves out, with why."""
    choice = None if _named(database, session) else SqlChoices(database).read(session.session_id)
    return {} if choice is None else {str(coin): why for coin, why in choice.left_out.items()}


def require_known(coin: str, lines: Collection[SessionCoin]) -> Coin:
    """Return a coin that the session knows. Raises: ConfigError."""
    known = {line.coin for line in lines}
    if coin in known:
        return Coin(coin)
    near = f"did you mean {coin.upper()}? " if coin.upper() in known else ""
    raise ConfigError(f"{coin!r} is no coin of this session: {near}it has {', '.join(sorted(known))}")


def _listed(database: Database, session: Session) -> tuple[Coin, ...]:
    coins = _named(database, session)
    if not coins and (choice := SqlChoices(database).read(session.session_id)) is not None:
        return choice.coins
    return tuple(Coin(coin) for coin in coins)


def _named(database: Database, session: Session) -> tuple[str, ...]:
    """Return the coins that the settings of a session name; none where they say `all`."""
    newest = SqlSessionStore(database).generation(session.session_id)
    found = load(session.environment).coins if newest is None else named(newest.settings["coins"])
    return tuple(found)


def _line(coin: Coin, is_listed: bool, pause: CoinPause | None, trades: list[Trade]) -> SessionCoin:
    worth = sum((trade.notional_krw for trade in trades), ZERO)
    return SessionCoin(coin=coin, is_listed=is_listed, pause=pause, trades=len(trades), notional_krw=worth)
