"""`arb chaos market`: a stack of its own, one broken market after the other, and what each really cost."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from sqlalchemy import func, select

from arb.adapters.postgres.engine import reading
from arb.adapters.postgres.tables import alerts
from arb.app import start as stack
from arb.app.demo import interruptible
from arb.app.judge import check_of
from arb.app.wiring import Engine
from arb.chaos.market.fair import fair_prices
from arb.chaos.market.measured import Ceilings, Loss, Measured, MeasuredProfit
from arb.chaos.market.naked import naked
from arb.chaos.market.operator import Operator
from arb.chaos.market.plant import plant
from arb.chaos.market.scenarios import Scenario
from arb.chaos.orders.simulator_control import SimulatorControl
from arb.check.history import EngineHistory, VenueHistory
from arb.check.holdings import executed, value
from arb.check.profit import flows_by_trade, is_booked
from arb.domain.errors import ArbError
from arb.domain.market.ids import Venue
from arb.domain.market.money import ZERO
from arb.domain.risk.review import Mode
from arb.domain.time import NS_PER_S
from arb.domain.trading.trade import Trade, TradeState
from arb.ports.trading import TradeView
from arb.stack.shutdown import Progress, stop_stack

PAIRS_MIN: Final = 2  # open, when it strikes
GATHER_S_MAX: Final = 180.0  # entries rest for a while after what befell them
REST_MS_MAX: Final = 150_000  # the first venue's longest proof takes 62 s, and repairs follow
LOOK_MS: Final = 250
STILL_MS: Final = 1_000  # in which nothing may move, so that both sides tell of the same
READINGS_MAX: Final = 5
JUDGING: Final = "chaos: judging"
GOING_ON: Final = "chaos: going on"
TRADES_MIN: Final = 50  # of a whole run


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketTerms:
    """What is asked of a run."""

    seed: int
    scenarios: Sequence[Scenario]
    trades_min: int = TRADES_MIN
    plant: str = ""  # a fault in our books, in the last scenario

    def scaled(self, all_of_them: int) -> "MarketTerms":
        """Return the same with as many trades as these scenarios have to see of the whole run's."""
        return replace(self, trades_min=-(-self.trades_min * len(self.scenarios) // all_of_them))


def run(plan: stack.StackPlan, terms: MarketTerms, progress: Progress) -> Iterator[Measured]:
    """Run it, a line as each scenario ends; whatever happens, nothing keeps running.

    Raises: ConfigError, StackError, VenueError; Interrupted by Ctrl-C or SIGTERM.
    """
    with interruptible():
        engine = stack.start(plan, progress)
        try:
            yield from _MarketRun(plan=plan, engine=engine, terms=terms, progress=progress).run()
        finally:
            stop_stack(plan.home, progress)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """Both sides at rest, at one moment."""

    at_ns: int
    engine: EngineHistory
    venues: VenueHistory
    money: Mapping[tuple[Venue, str], Decimal]  # gained by trading, by the simulators' balances alone


class _MarketRun:
    """One run over a stack that trades."""

    def __init__(
        self, *, plan: stack.StackPlan, engine: Engine, terms: MarketTerms, progress: Progress
    ) -> None:
        self._terms, self._progress = terms, progress
        self._operator = Operator(plan=plan, engine=engine, progress=progress)
        settings = engine.settings
        self._urls = settings.rest_urls
        self._venues = SimulatorControl(base_urls=self._urls)

    @property
    def _engine(self) -> Engine:
        return self._operator.engine

    def run(self) -> Iterator[Measured]:
        """Run the scenarios one after the other, and go on until there were enough trades."""
        for scenario in self._terms.scenarios:
            self._progress(f"{scenario.name}: {scenario.what}")
            is_last = scenario is self._terms.scenarios[-1]
            try:
                measured = self._break(scenario, planted=self._terms.plant if is_last else "")
            except ArbError as error:
                self._whole()
                measured = Measured(name=scenario.name, error=f"{type(error).__name__}: {error}")
            yield self._enough(measured) if is_last else measured

    def _enough(self, measured: Measured) -> Measured:
        """Fail the last scenario where too few trades were opened in the whole run."""
        wanted, opened = self._terms.trades_min, measured.trades_so_far
        if opened >= wanted or measured.error:
            return measured
        return replace(measured, error=f"only {opened} of {wanted} trades in the whole run")

    def _break(self, scenario: Scenario, planted: str) -> Measured:
        self._operator.take_notes()
        before = self._gather()
        pairs = Counter(trade.coin for trade in before.engine.trades if trade.state is TradeState.OPEN)
        coin = pairs.most_common(1)[0][0] if pairs and scenario.names_coin else None
        struck, since_ns = self._struck(scenario), self._engine.clock.now_ns()
        self._strike(scenario.of(coin) if coin else scenario)
        self._operator.allow(Mode.NORMAL, GOING_ON)
        self._engine.clock.sleep_ms(int(scenario.hold_s * 1000))
        strikes = self._struck(scenario) - struck
        self._whole()
        self._operator.have_it_trade()
        if scenario.move is not None:
            self._operator.explain()
        if planted:
            self._rest()
            self._progress(f"planted: {plant(self._engine.trades.engine, self._engine.session_id, planted)}")
        after = self._rest()
        measured = self._measure(scenario, before, after, since_ns)
        self._operator.allow(Mode.NORMAL, GOING_ON)
        return replace(measured, pairs=pairs[coin] if coin else pairs.total(), strikes=dict(strikes))

    def _gather(self) -> _Reading:
        """Trade until pairs are open, and hold them; return both sides at that moment."""
        clock = self._engine.clock
        until_ns = clock.steady_ns() + int(GATHER_S_MAX * NS_PER_S)
        while True:
            is_late = clock.steady_ns() >= until_ns
            if is_late or len(self._open()) >= PAIRS_MIN:
                held = self._rest()
                if is_late or any(trade.state is TradeState.OPEN for trade in held.engine.trades):
                    return held
                self._operator.allow(Mode.NORMAL, GOING_ON)  # they were closed at that moment
            clock.sleep_ms(LOOK_MS)

    def _open(self) -> list[TradeView]:
        active = self._engine.trades.active(self._engine.session_id)
        return [view for view in active if view.trade.state is TradeState.OPEN]

    def _struck(self, scenario: Scenario) -> Counter[str]:
        total: Counter[str] = Counter()
        for venue in {blow.venue for blow in scenario.blows}:
            total.update(self._venues.struck_at(venue))
        return Counter({kind: total[kind] for kind in scenario.must_strike})

    def _strike(self, scenario: Scenario) -> None:
        for blow in scenario.blows:
            self._venues.cast(blow.venue, blow.faults, self._terms.seed)
        if scenario.move is not None:
            self._venues.move(scenario.move.venue, scenario.move.asset, scenario.move.change)

    def _whole(self) -> None:
        for venue in self._urls:
            self._venues.put_faults(venue, ())

    def _rest(self) -> _Reading:
        """Open and close nothing, wait until nothing moves, and read both sides.

        What moved while it was read is read again: an evaluation from before the halt may come late.
        """
        self._operator.allow(Mode.HALTED, JUDGING)
        for _ in range(READINGS_MAX):
            self._engine.kill.drain.wait(REST_MS_MAX)
            money = self._money()
            self._engine.clock.sleep_ms(STILL_MS)
            read = self._read(money)
            if money == self._money() and self._engine.kill.drain.at_rest():
                break
        return read

    def _read(self, money: Mapping[tuple[Venue, str], Decimal]) -> _Reading:
        check = check_of(self._engine)
        if check.read_venues is None:
            raise ArbError("only simulated venues keep a record of their own")
        venues = check.read_venues()
        at_ns = self._engine.clock.now_ns()
        return _Reading(at_ns=at_ns, engine=check.read_engine(), venues=venues, money=money)

    def _money(self) -> dict[tuple[Venue, str], Decimal]:
        return {
            (venue, asset): gained
            for venue in self._urls
            for asset, gained in self._venues.money(venue).items()
        }

    def _measure(self, scenario: Scenario, before: _Reading, after: _Reading, since_ns: int) -> Measured:
        prices = fair_prices(self._urls)
        told = self._alerts(since_ns)
        touched = [
            trade for trade in after.engine.trades if not trade.closed_at_ns or trade.closed_at_ns > since_ns
        ]
        risk = self._engine.settings.risk
        return Measured(
            name=scenario.name,
            trades=sum(trade.opened_at_ns > before.at_ns for trade in after.engine.trades)
            + sum(trade.state is TradeState.OPEN for trade in before.engine.trades),
            trades_so_far=len(after.engine.trades),
            must_strike=scenario.must_strike,
            profit=_profit(before, after, prices),
            naked=naked(after.venues.fills, after.engine.instruments, prices, since_ns, after.at_ns),
            ceilings=Ceilings(
                repair_s_max=after.engine.repair_ns_max / NS_PER_S,
                together_krw_max=risk.notional_total_krw_max,
                by_trade_krw={trade.trade_id: trade.notional_krw for trade in after.engine.trades},
            ),
            losses=tuple(_losses(after, touched, prices)),
            alerts={kind: (at_ns - since_ns) / NS_PER_S for kind, at_ns in told.items()},
            named=self._named(since_ns),
            operator=tuple(self._operator.did),
            findings=check_of(self._engine).run(),
            rested=self._engine.kill.drain.at_rest(),
        )

    def _alerts(self, since_ns: int) -> dict[str, int]:
        first = (
            select(alerts.c.kind, func.min(alerts.c.at_ns).label("at_ns"))
            .where(alerts.c.at_ns >= since_ns, alerts.c.session_id == self._engine.session_id)
            .group_by(alerts.c.kind)
            .order_by(func.min(alerts.c.at_ns))
        )
        with reading(self._engine.trades.engine) as connection:
            return {row.kind: row.at_ns for row in connection.execute(first)}

    def _named(self, since_ns: int) -> frozenset[str]:
        told = select(alerts.c.subject).where(alerts.c.at_ns >= since_ns).distinct()
        with reading(self._engine.trades.engine) as connection:
            return frozenset(connection.execute(told).scalars())


def _profit(before: _Reading, after: _Reading, prices: Mapping[str, Decimal]) -> MeasuredProfit:
    gained = {
        key: after.money.get(key, ZERO) - before.money.get(key, ZERO) for key in {*after.money, *before.money}
    }
    said = value(executed(after.engine), prices) - value(executed(before.engine), prices)
    booked = _booked(after.engine) - _booked(before.engine)
    return MeasuredProfit(real_krw=value(gained, prices), booked_krw=booked, other_krw=said - booked)


def _booked(engine: EngineHistory) -> Decimal:
    return sum((trade.pnl_krw for trade in engine.trades if is_booked(trade)), ZERO)


def _losses(after: _Reading, touched: Sequence[Trade], prices: Mapping[str, Decimal]) -> Iterator[Loss]:
    """Yield what trades lost: booked when they ended, or at fair prices while they are open."""
    flows = flows_by_trade(after.engine)
    for trade in touched:
        earned = trade.pnl_krw if is_booked(trade) else value(flows.get(trade.trade_id, {}), prices)
        if earned < ZERO:
            yield Loss(trade_id=trade.trade_id, lost_krw=-earned, reserved_krw=trade.loss_reserve_krw)
