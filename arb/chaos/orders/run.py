"""The run itself: faults and deaths until there were enough of both, then calm and a rest."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from arb.chaos.orders.killer import Killer
from arb.chaos.orders.marksman import Marksman
from arb.chaos.orders.plan import spell_at
from arb.chaos.orders.simulator_control import SimulatorControl
from arb.domain.market.ids import Venue
from arb.domain.risk.mode import stays_halted
from arb.domain.risk.review import Mode
from arb.domain.time import NS_PER_MS
from arb.engine.kill.drain import Drain
from arb.ports.market import Clock

LOOK_MS: Final = 250
TELL_MS: Final = 10_000
WARM_UP_MS: Final = 60_000
TRADE_MS: Final = 1_500  # a machine that opens fewer than this is too slow for the run
REST_MS_MAX: Final = 150_000  # a venue's longest proof takes 62 s, and repairs follow
DONE: Final = "chaos: enough trades"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChaos:
    """One run over a stack that trades."""

    faults: Callable[[Venue, int], Sequence[Mapping[str, Any]]]  # of a venue in a spell
    trades_wanted: int
    trades_so_far: Callable[[], int]  # those that count towards what is wanted: opened, or ended
    switchboard: SimulatorControl
    killer: Killer
    drain: Drain
    clock: Clock
    progress: Callable[[str], None]
    marksman: Marksman | None = None
    kills_wanted: int = 0

    def storm(self) -> str:
        """Let things go wrong until it was enough, the time is up, or trading has halted.

        Returns why it has halted, "" if it has not: nothing opens after that. Raises: VenueError.
        """
        start_ms = self.clock.now_ns() // NS_PER_MS
        limit_ms = WARM_UP_MS + self.trades_wanted * TRADE_MS
        self.switchboard.widen_limits()
        self._cast(0)
        self.killer.start()
        if self.marksman is not None:
            self.marksman.start()
        before, spell, told_ms = self.trades_so_far(), 0, 0
        while (trades := self.trades_so_far() - before) < self.trades_wanted or (
            self._killed() < self.kills_wanted
        ):
            elapsed_ms = self.clock.now_ns() // NS_PER_MS - start_ms
            if elapsed_ms > limit_ms:
                self.progress(f"only {trades} of {self.trades_wanted} trades within {limit_ms // 1000} s")
                break
            if halted := self._halted():
                self.progress(f"trading has halted after {trades} of {self.trades_wanted} trades: {halted}")
                return halted
            if spell_at(elapsed_ms) != spell:
                spell = spell_at(elapsed_ms)
                self._cast(spell)
            if elapsed_ms - told_ms >= TELL_MS:
                told_ms = elapsed_ms
                self.progress(f"{elapsed_ms // 1000} s: {trades} trades, {self._killed()} kills")
            self.clock.sleep_ms(LOOK_MS)
        return ""

    def calm(self) -> bool:
        """Open nothing new, end faults and kills, wait; tell whether everything came to rest."""
        self.progress("opening nothing new; no more faults, no more kills")
        self.drain.begin(DONE)
        self.stop_killing()
        for venue in self.switchboard.base_urls:
            self.switchboard.put_faults(venue, ())
        rested = self.drain.wait(REST_MS_MAX)
        self.drain.sessions.set_mode(self.drain.session_id, Mode.HALTED, DONE, self.clock.now_ns())
        return self.drain.wait(REST_MS_MAX) and rested  # what was being closed at that moment

    def stop_killing(self) -> None:
        """End no more processes."""
        self.killer.stop()
        if self.marksman is not None:
            self.marksman.stop()

    @property
    def kills(self) -> Mapping[str, int]:
        """Return how often each program was killed."""
        aimed = Counter[str]() if self.marksman is None else self.marksman.kills
        return dict(sorted((self.killer.kills + aimed).items()))

    def _killed(self) -> int:
        return self.killer.kills.total() + (0 if self.marksman is None else self.marksman.kills.total())

    def _halted(self) -> str:
        """Return why nothing more will open: a halt that only a person lifts, and none that passes."""
        session = self.drain.sessions.get(self.drain.session_id)
        if session is None or not stays_halted(session.mode, session.mode_reason):
            return ""
        return session.mode_reason

    def _cast(self, spell: int) -> None:
        for venue in self.switchboard.base_urls:
            self.switchboard.put_faults(venue, self.faults(venue, spell))
