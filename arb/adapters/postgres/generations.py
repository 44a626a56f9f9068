"""Generations of settings as rows."""

from typing import Any

from sqlalchemy import Connection, insert, select, update

from arb.adapters.postgres import review_marks
from arb.adapters.postgres.tables import generations, sessions
from arb.domain.errors import Conflict
from arb.domain.market.ids import SessionId
from arb.domain.state.generation import Generation


def newest(connection: Connection, session_id: SessionId) -> Generation | None:
    """Return the one in force, if the session has any."""
    found = (
        select(generations)
        .where(generations.c.session_id == session_id)
        .order_by(generations.c.number.desc())
        .limit(1)
    )
    row = connection.execute(found).one_or_none()
    return None if row is None else Generation(**_values(row))


def add(connection: Connection, generation: Generation) -> None:
    """Write the next one and put it in force; waits for a trade that is being opened.

    One that is there already is ours: the answer to its commit was lost. Raises: Conflict.
    """
    following = (
        update(sessions)
        .where(
            sessions.c.session_id == generation.session_id,
            sessions.c.generation == generation.number - 1,
        )
        .values(generation=generation.number)
    )
    if connection.execute(following).rowcount == 1:
        values = _values(generation) | {"settings": dict(generation.settings)}
        connection.execute(insert(generations).values(values))
        review_marks.move(connection, generation.session_id)
    elif newest(connection, generation.session_id) != generation:
        raise Conflict(f"generation {generation.number} does not follow that of {generation.session_id}")


def _values(source: Any) -> dict[str, Any]:
    return {name: getattr(source, name) for name in Generation.__dataclass_fields__}
