"""The ledger chapter, wired: what compares our books with the venues."""

from dataclasses import dataclass

from arb.app.shared import Shared
from arb.engine.ledger.adopt import Adopt
from arb.engine.ledger.explain import Explain
from arb.engine.ledger.reconcile import Reconcile
from arb.engine.ledger.take_up import TakeUp


@dataclass(frozen=True, kw_only=True)
class LedgerUseCases:
    """What keeps the books true."""

    reconcile: Reconcile
    take_up: TakeUp


def wire_ledger(shared: Shared) -> LedgerUseCases:
    """Return the use cases around the books."""
    stores = shared.stores
    return LedgerUseCases(
        reconcile=Reconcile(
            session_id=shared.session_id,
            trades=stores.trades,
            venues=shared.venues,
            adopt=Adopt(
                session_id=shared.session_id,
                trades=stores.trades,
                sessions=stores.sessions,
                external=stores.external,
                venues=shared.venues,
                alerts=shared.alerts,
                clock=shared.clock,
            ),
            explain=Explain(
                session_id=shared.session_id,
                trades=stores.trades,
                venues=shared.venues,
                coins=shared.coins,
                clock=shared.clock,
                budget=shared.budget,
            ),
            counters=stores.counters,
            alerts=shared.alerts,
            clock=shared.clock,
        ),
        take_up=TakeUp(
            session_id=shared.session_id,
            trades=stores.trades,
            sessions=stores.sessions,
            kill_switch=shared.kill_switch,
            dispatcher=shared.dispatcher,
            counters=stores.counters,
            clock=shared.clock,
        ),
    )
