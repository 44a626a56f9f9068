"""The one place where the page stops trading."""

from arb.bootstrap import Engine
from arb.domain.risk import Mode

REASON_CHARACTERS_MAX = 200


def stop_trading(engine: Engine, reason: str) -> str:
    """Halt the session; return the reason in force. Raises: StoreUnavailable."""
    said = f"stopped from the web page: {reason}"
    engine.sessions.set_mode(engine.session_id, Mode.HALTED, said, engine.clock.now_ns())
    return said
