"""Venue calls of which 30 % are refused a connection and 20 % time out, on a whole stack that trades.

The intended effects are the orders that the engine wrote down. One is missed when nobody knows what became of
it, or when its trade stays uneven or is given to the operator; it is doubled when a venue has two for it.
"""

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from arb.adapters.postgres.report import SqlReportStore
from arb.app.judge import check_of
from arb.app.wiring import Engine
from arb.chaos.orders.figures import Figures, figures_of
from arb.chaos.orders.killer import Killer
from arb.chaos.orders.run import OrderChaos
from arb.chaos.orders.simulator_control import SimulatorControl
from arb.chaos.own_stack import in_force, own_stack
from arb.chaos.queue.cuttable_proxy import CuttableProxy
from arb.chaos.scenario_result import expect
from arb.domain.market.ids import Venue
from arb.domain.time import NS_PER_S
from arb.domain.trading.trade import ENDED
from arb.stack.home import CHECKOUT, Home
from arb.stack.ports import LOOPBACK, remembered_port
from arb.stack.shutdown import Progress
from config.settings import load

SETTINGS_FILE: Final = CHECKOUT / "config" / "chaos-orders.yml"
TRADES: Final = 330  # ended ones: 1,000 orders and more, the closing ones under faults as well
TRADES_QUICK: Final = 30
REFUSED: Final = 0.3
EFFECTS_SHARE_MIN: Final = 0.999
# Longer than the time-out of 1,200 ms: one is never received, the other is accepted after we gave up.
TIMEOUTS: Final = (
    {"kind": "drop_then_timeout", "probability": 0.1, "endpoint": "*", "delay_ms": 1_500},
    {"kind": "slow_accept", "probability": 0.11, "endpoint": "*", "delay_ms": 1_500},  # of the other 90 %
)
ERRORS: Final = ("order_retries", "orders_unknown", "venue_errors")


def venue_calls(seed: int, trades: int, progress: Progress) -> tuple[float, str]:
    """Trade while the venues can hardly be asked, then rest and be judged. Raises: Failed, ArbError."""
    home = Home(Path(tempfile.mkdtemp(prefix="arb-chaos-")))
    home.create()
    with ExitStack() as cleanup:
        with in_force({"ARB_CONFIG": str(SETTINGS_FILE)}):
            pair = load("mock").pair
        ports = {venue: remembered_port(home, f"sim-{venue}") for venue in pair}
        proxies = {
            venue: cleanup.enter_context(CuttableProxy(home, venue, port)) for venue, port in ports.items()
        }
        engine = cleanup.enter_context(own_stack(home, _variables(proxies), seed, progress))
        direct = {venue: f"http://{LOOPBACK}:{port}" for venue, port in ports.items()}
        found = _Trading(engine, proxies, direct, seed, progress).run(trades)
    home.remove()
    return found


def _variables(proxies: dict[Venue, CuttableProxy]) -> dict[str, str]:
    urls = {
        f"ARB_{venue.upper()}__REST_URL": f"http://{LOOPBACK}:{proxy.port}"
        for venue, proxy in proxies.items()
    }
    return {**urls, "ARB_CONFIG": str(SETTINGS_FILE)}


@dataclass(frozen=True, slots=True)
class _Trading:
    """One run over a stack whose proxies to the venues are ours."""

    engine: Engine
    proxies: dict[Venue, CuttableProxy]
    direct: dict[Venue, str]  # the simulators, past the proxies
    seed: int
    progress: Progress

    def run(self, trades: int) -> tuple[float, str]:
        """Trade under faults, come to rest and judge; return recovery time (s) and what was found."""
        chaos, clock = self._chaos(trades), self.engine.clock
        for venue, proxy in self.proxies.items():
            proxy.open(REFUSED, seed=self.seed + len(venue))
        chaos.storm()
        for proxy in self.proxies.values():
            proxy.open()
        calm_ns = clock.now_ns()
        rested = chaos.calm()
        rest_s = (clock.now_ns() - calm_ns) / NS_PER_S
        expect(rested, "it did not come to rest", rest_s)
        return self._judged(chaos.switchboard, trades, rest_s)

    def _chaos(self, trades: int) -> OrderChaos:
        report, session_id = SqlReportStore(self.engine.trades.engine), self.engine.session_id

        def ended() -> int:
            counts = report.totals(session_id).trades
            return sum(number for (_, state), number in counts.items() if state in ENDED)

        return OrderChaos(
            faults=lambda _venue, _spell: TIMEOUTS,
            trades_wanted=trades,
            trades_so_far=ended,
            switchboard=SimulatorControl(base_urls=self.direct),
            killer=Killer(self.seed, dict, self.engine.clock),  # nobody is killed
            drain=self.engine.kill.drain,
            clock=self.engine.clock,
            progress=self.progress,
        )

    def _judged(self, switchboard: SimulatorControl, trades: int, rest_s: float) -> tuple[float, str]:
        check = check_of(self.engine)
        findings = check.run()
        first = findings.violations[0].message if findings.violations else ""
        expect(findings.all_hold, f"an invariant is broken: {first}", rest_s)
        came = figures_of(check)
        missed = came.lost + came.unhedged + came.handed_over
        share = 1 - missed / came.intents
        detail = self._detail(came, share, dict(switchboard.struck()))
        expect(came.trades >= trades, f"fewer than {trades} trades: {detail}", rest_s)
        expect(share >= EFFECTS_SHARE_MIN and came.duplicates == 0 and came.drift == 0, detail, rest_s)
        return rest_s, detail

    def _detail(self, came: Figures, share: float, struck: dict[str, int]) -> str:
        counts = self.engine.counters.read()
        errors = {name: sum(counts.get(name, {}).values()) for name in ERRORS}
        return (
            f"{came.intents} orders of {came.trades} trades, 30 % of connections refused, 20 % timed out"
            f" ({sum(struck.values())}): {100 * share:.2f} % had their effect, {came.duplicates} doubled, "
            f"{came.lost} lost, {came.unhedged} trades uneven, {came.handed_over} escalated; "
            f"{came.unknowns} answers never came, {came.unknowns_resolved} of them resolved; "
            + ", ".join(f"{name} {count}" for name, count in errors.items())
        )
