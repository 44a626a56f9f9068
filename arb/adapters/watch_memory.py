"""`arb.engine.watch.HealthMemory` in a file of the home: no server has to answer for it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from arb.adapters.shared_file import Document, SharedFile
from arb.domain.health import Health, Key, Level
from arb.engine.monitor import Standing

SILENT_INTERVALS: Final = 2  # then another process takes the turns over
SEPARATOR: Final = "|"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileHealthMemory:
    """The turns and healths of one home. `owner` names this process."""

    file: SharedFile
    owner: str
    interval_ns: int

    def take_turn(self, now_ns: int) -> bool:
        return self.file.update(lambda document: self._take(document, now_ns))

    def _take(self, document: Document, now_ns: int) -> bool:
        turn = document.get("turn", {})
        age_ns = now_ns - turn.get("at_ns", 0)
        due = self.interval_ns if turn.get("owner") == self.owner else SILENT_INTERVALS * self.interval_ns
        # A clock that was set back must not stop the sweeps.
        if 0 <= age_ns < due * 9 // 10:
            return False
        document["turn"] = {"owner": self.owner, "at_ns": now_ns}
        return True

    def healths(self) -> Mapping[Key, Health]:
        kept: Mapping[str, Any] = self.file.read().get("healths", {})
        return {_key(text): _health(fields) for text, fields in kept.items()}

    def conditions(self) -> Mapping[str, Standing]:
        kept: Mapping[str, Any] = self.file.read().get("conditions", {})
        return {kind: Standing(**fields) for kind, fields in kept.items()}

    def keep(self, healths: Mapping[Key, Health], conditions: Mapping[str, Standing]) -> None:
        fields = {SEPARATOR.join(key): asdict(health) for key, health in healths.items()}
        standing = {kind: asdict(found) for kind, found in conditions.items()}
        self.file.update(lambda document: document.update(healths=fields, conditions=standing))


def _key(text: str) -> Key:
    rule, _, subject = text.partition(SEPARATOR)
    return rule, subject


def _health(fields: Mapping[str, Any]) -> Health:
    return Health(**{**fields, "level": Level(fields["level"])})
