"""What the operator has to do once a market is whole again: nothing, or what docs/operations.md tells him."""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

from arb.app import start as stack
from arb.app.control import MODE, UNKILL, broadcast
from arb.app.wiring import Engine
from arb.domain.errors import StoreError
from arb.domain.risk.mode import Cause, ModeReason, reason_text
from arb.domain.risk.review import Mode
from arb.stack.control import Supervisor
from arb.stack.errors import StackNotRunning
from arb.stack.shutdown import Progress, silent, stop_stack
from arb.stack.wait import wait_until

ALONE_S_MAX: Final = 45.0  # what passes by itself has passed by then
LOOKS_MAX: Final = 10
ENDING_S_MAX: Final = 150.0
BY_HAND: Final = "the market is whole again"


@dataclass(slots=True, kw_only=True)
class Operator:
    """Has a stack trade again, and writes down what he did for it."""

    plan: stack.StackPlan
    engine: Engine
    progress: Progress
    did: list[str] = field(default_factory=list)

    def take_notes(self) -> None:
        """Forget what was done before: a new scenario begins."""
        self.did = []

    def have_it_trade(self) -> Engine:
        """Wait for what comes back by itself, and do what does not; return the engine that trades.

        Raises: ConfigError, StackError, StoreUnavailable.
        """
        self._wait_alone()
        if self._is_ending() or not self._runs():
            self._start_again()
        session = self.engine.sessions.get(self.engine.session_id)
        if session is not None and session.mode is not Mode.NORMAL:
            self.explain()
            self._allow(session.mode_reason)
        return self.engine

    def allow(self, mode: Mode, reason: str) -> None:
        """Change how much is allowed, as `arb mode` does."""
        engine = self.engine
        engine.sessions.set_mode(engine.session_id, mode, reason, engine.clock.now_ns())
        broadcast(engine.settings, MODE, {"mode": mode.value, "reason": reason})

    def _wait_alone(self) -> None:
        """Give it time to be normal by itself."""
        clock = self.engine.clock
        until_ns = clock.steady_ns() + int(ALONE_S_MAX * 1e9)
        while clock.steady_ns() < until_ns and self._runs() and not self._is_ending():
            if self._is_normal():
                return
            clock.sleep_ms(500)

    def _is_normal(self) -> bool:
        try:
            session = self.engine.sessions.get(self.engine.session_id)
        except StoreError:
            return False
        return session is not None and session.mode is Mode.NORMAL

    def _runs(self) -> bool:
        return Supervisor(self.plan.home).is_running()

    def _is_ending(self) -> bool:
        return self.engine.kill.emergency.is_under_way()

    def _start_again(self) -> None:
        """Let an emergency stop end, and start the stack anew."""
        self.progress("the stack ended by itself: starting it again")
        home = self.plan.home
        wait_until(
            lambda: "the stack ends" if self._runs() else None, limit_s=ENDING_S_MAX, what="the stack's end"
        )
        with suppress(StackNotRunning):  # all of it may have gone
            stop_stack(home, silent)
        self.engine = stack.start(replace(self.plan, fresh=False), silent)
        self.did.append("arb up")

    def explain(self) -> None:
        """Book what left or came without an order, which only he can explain.

        While orders move an asset a reconciliation needs several looks to tell.
        """
        for _ in range(LOOKS_MAX):
            found = self.engine.ledger.reconcile.run()
            if found.drifts:
                self.engine.ledger.reconcile.accept(found, "a margin of error of the venue")
                self.did.append("arb reconcile --accept")
            if found.conclusive:
                return

    def _allow(self, reason: str) -> None:
        engine = self.engine
        if ModeReason.parse(reason).cause is Cause.KILLED or engine.kill_switch.engaged() is not None:
            engine.sessions.set_mode(
                engine.session_id, Mode.NORMAL, reason_text(Cause.UNKILLED), engine.clock.now_ns()
            )
            engine.kill_switch.release()
            broadcast(engine.settings, UNKILL, {})
            self.did.append("arb unkill")
        elif not self._is_normal():
            self.allow(Mode.NORMAL, BY_HAND)
            self.did.append("arb mode normal")
