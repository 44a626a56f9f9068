"""`arb.engine.health.watch.HealthMemory` in a file of the home: no server has to answer for it."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from arb.adapters.local.shared_file import Document, SharedFile
from arb.domain.health.judge import HealthLevel, Key, SubjectHealth, Verdict
from arb.engine.health.monitor import StandingAlert, Stood

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

    def judge(self, step: Callable[[Mapping[Key, SubjectHealth]], Verdict]) -> Verdict:
        return self.file.update(lambda document: _judge(document, step))

    def stand(self, step: Callable[[Mapping[str, StandingAlert]], Stood]) -> Stood:
        return self.file.update(lambda document: _stand(document, step))


def _judge(document: Document, step: Callable[[Mapping[Key, SubjectHealth]], Verdict]) -> Verdict:
    kept: Mapping[str, Any] = document.get("healths", {})
    verdict = step({_key(text): _health(fields) for text, fields in kept.items()})
    document["healths"] = {SEPARATOR.join(key): asdict(health) for key, health in verdict.healths.items()}
    return verdict


def _stand(document: Document, step: Callable[[Mapping[str, StandingAlert]], Stood]) -> Stood:
    kept: Mapping[str, Any] = document.get("conditions", {})
    stood = step({kind: StandingAlert(**fields) for kind, fields in kept.items()})
    document["conditions"] = {kind: asdict(found) for kind, found in stood.conditions.items()}
    return stood


def _key(text: str) -> Key:
    rule, _, subject = text.partition(SEPARATOR)
    return rule, subject


def _health(fields: Mapping[str, Any]) -> SubjectHealth:
    return SubjectHealth(**{**fields, "level": HealthLevel(fields["level"])})
