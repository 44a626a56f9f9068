"""The session, held open by a process: `python -m workers.session`

It is what `arb up` and `arb down` do, for a stack whose processes are containers: at its start it resumes
the session, explains everything and allows trading; at SIGTERM it opens nothing new, waits until nothing
is unhedged and takes a snapshot. It has to be stopped before the workers.
"""

import sys
from collections.abc import Mapping

import structlog

from arb.app.container_start import HOLDER, begin
from arb.app.session import come_to_rest
from arb.app.wiring import Engine
from arb.domain.errors import ConfigError
from arb.stack.errors import StackError
from config import addresses
from workers import process

log = structlog.get_logger()


class _SessionWork:
    """A session that trades for as long as its process runs."""

    name = HOLDER

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def start(self) -> None:
        """Log that the session trades: it does so since it was begun."""
        log.info("session_trades", session_id=self._engine.session_id)

    def stop(self) -> None:
        """Open nothing more, and wait until nothing is unhedged."""
        rested = come_to_rest(self._engine)
        log.info("session_rests", session_id=self._engine.session_id, unhedged=not rested)

    def healthy(self) -> bool:
        """Nothing here can break by itself."""
        return True

    def facts(self) -> Mapping[str, str]:
        """Return the id of the session."""
        return {"session_id": self._engine.session_id}


def main() -> int:
    """Hold the newest session of this process's mode."""
    process.prepare()
    try:
        engine = begin(addresses.settings(), lambda text: log.info("session_begins", step=text))
    except (ConfigError, StackError) as error:
        raise SystemExit(f"arb: {error}") from None
    return process.run_watched(_SessionWork(engine), engine.heartbeats, engine.clock)


if __name__ == "__main__":
    sys.exit(main())
