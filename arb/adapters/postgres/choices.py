"""`arb.engine.market.choose_coins.ChoiceStore` in PostgreSQL: one row a session."""

from dataclasses import dataclass

from sqlalchemy import Engine, select
from sqlalchemy.dialects.postgresql import insert

from arb.adapters.postgres.engine import nothing_changed, reading, transaction
from arb.adapters.postgres.owners import require_own
from arb.adapters.postgres.tables import coin_choices
from arb.domain.market.choice import Choice
from arb.domain.market.ids import Coin, SessionId


@dataclass(frozen=True, slots=True)
class SqlChoices:
    """The coins that were chosen last, one row a session."""

    engine: Engine

    def read(self, session_id: SessionId) -> Choice | None:
        found = select(coin_choices).where(coin_choices.c.session_id == session_id)
        with reading(self.engine) as connection:
            row = connection.execute(found).one_or_none()
        if row is None:
            return None
        return Choice(
            coins=tuple(Coin(coin) for coin in row.coins),
            left_out={Coin(coin): why for coin, why in row.left_out.items()},
            chosen_at_ns=row.chosen_at_ns,
        )

    def keep(self, session_id: SessionId, choice: Choice) -> None:
        values = {
            "coins": list(choice.coins),
            "left_out": dict(choice.left_out),
            "chosen_at_ns": choice.chosen_at_ns,
        }
        written = insert(coin_choices).values(session_id=session_id, **values)
        with transaction(self.engine) as connection:
            require_own(connection, session_id)
            connection.execute(written.on_conflict_do_update(index_elements=["session_id"], set_=values))
            nothing_changed(connection)  # of what is mirrored
