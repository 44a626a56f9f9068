"""`arb.engine.kill.emergency.StopMemory` in a file of the home: no server has to answer for it."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields

from arb.adapters.local.shared_file import Document, SharedFile
from arb.domain.risk.stop import Stop


@dataclass(frozen=True, slots=True)
class FileStopMemory:
    """The emergency stop of one home; what cannot be read is none."""

    file: SharedFile

    def read(self) -> Stop | None:
        return _stop(self.file.read())

    def update(self, change: Callable[[Stop | None], Stop | None]) -> Stop | None:
        def apply(document: Document) -> Stop | None:
            stop = change(_stop(document))
            document.clear()
            document.update({} if stop is None else asdict(stop))
            return stop

        return self.file.update(apply)


def _stop(document: Document) -> Stop | None:
    known = {each.name for each in fields(Stop)}
    found = {name: value for name, value in document.items() if name in known}
    try:
        return Stop(**{**found, "waits_for": tuple(found.get("waits_for", ()))}) if found else None
    except TypeError:  # torn, or of another version
        return None
