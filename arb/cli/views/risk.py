"""How much of each ceiling is used, as JSON or for a person."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine as Database

from arb.adapters.postgres.dashboard import SqlDashboard
from arb.app.wiring import Engine
from arb.domain.market.ids import SessionId
from arb.domain.market.money import plain
from arb.domain.risk.review import Mode
from arb.web.budget import CURRENCIES, budget
from config.settings import Settings


def ceilings_of(
    settings: Settings, database: Database, session_id: SessionId, now_ns: int
) -> list[dict[str, Any]]:
    """Return each ceiling with what is used of it, amounts as text. Raises: StoreUnavailable."""
    lines = budget(settings, SqlDashboard(database, session_id).exposure(Mode.NORMAL, now_ns))
    return [
        line | {key: plain(line[key]) for key in ("used", "limit", "signed") if line[key] is not None}
        for line in lines
    ]


def currencies_of(engine: Engine) -> list[dict[str, Any]]:
    """Return the ceilings on what is held and moved of one currency against the other."""
    found = ceilings_of(
        engine.settings, engine.stores.trades.engine, engine.session_id, engine.clock.now_ns()
    )
    return [line for line in found if line["name"] in CURRENCIES]


def line_of(ceiling: Mapping[str, Any]) -> str:
    """Return one ceiling as a line; those with a direction say in which currency it is long."""
    signed = float(ceiling["signed"] or 0)
    long = "" if signed == 0 else ", long USDT" if signed > 0 else ", long KRW"
    used, limit = float(ceiling["used"]), float(ceiling["limit"])
    unit = f" {ceiling['unit']}" if ceiling["unit"] else ""
    return f"{ceiling['name']:<20} {used:>14,.0f} of {limit:>14,.0f}{unit}{long}"
