"""What was chosen last, in a dictionary."""

from dataclasses import dataclass, field

from arb.domain.market.choice import Choice
from arb.domain.market.ids import SessionId


@dataclass(frozen=True, slots=True)
class MemoryChoices:
    """Chosen coins in memory, the twin of the table."""

    kept: dict[SessionId, Choice] = field(default_factory=dict)

    def read(self, session_id: SessionId) -> Choice | None:
        return self.kept.get(session_id)

    def keep(self, session_id: SessionId, choice: Choice) -> None:
        self.kept[session_id] = choice
