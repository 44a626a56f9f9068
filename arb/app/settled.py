"""What is done with a trade that was settled, by whichever process: a log line, and an image of the session.

Of the trades that end in one interval the first is imaged; a process asks for that once.
"""

from dataclasses import dataclass, field

from arb.adapters.local.journal import log_trade
from arb.domain.errors import DispatchError
from arb.domain.state.snapshot import SnapshotKind
from arb.domain.trading.trade import ENDED, Trade
from arb.ports.market import Clock
from arb.ports.messaging import Dispatcher


@dataclass(kw_only=True)
class Settled:
    """Told of each trade that this process settled, once that is committed; never raises."""

    dispatcher: Dispatcher
    clock: Clock
    interval_ns: int
    _asked: int = field(default=-1)

    def __call__(self, trade: Trade | None) -> None:
        log_trade(trade)
        if trade is None or trade.state not in ENDED:
            return
        interval = self.clock.now_ns() // self.interval_ns
        if interval == self._asked:
            return
        try:
            self.dispatcher.send("arb.snapshot", SnapshotKind.ON_TRADE.value, trade.session_id)
            self._asked = interval
        except DispatchError:  # the ledger has it, and so has the next image
            return
