"""The journal of decisions as log lines."""

import structlog

from arb.engine.trading.journal import Decision

EVENT = "decision_made"


def log_decision(made: Decision) -> None:
    """Write one decision with the fence and the time of every book that it was made on."""
    facts = {f"{seen.name}_fence": seen.fence for seen in made.seen}
    facts |= {f"{seen.name}_recv_ns": seen.ts_recv_ns for seen in made.seen}
    structlog.get_logger("arb.trading").info(
        EVENT, action=made.action, trade=made.trade_id, coin=made.coin, at_ns=made.at_ns, **facts
    )
