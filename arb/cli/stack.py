"""The commands that start and stop a stack: `arb demo`, `up`, `status`, `down`.

Where its processes are containers `arb migrate`, `begin` and the hidden `world` do what `arb up` does.
"""

import os
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from arb.cli import running
from arb.cli.moments import zone_of
from arb.cli.output import DONE, FAILED, INTERRUPTED, AsJson, say, show, tell
from arb.cli.reads import Utc
from arb.domain.errors import ConfigError, StoreUnavailable
from arb.domain.market.ids import Venue
from arb.domain.time import NS_PER_S
from arb.stack.home import Home

if TYPE_CHECKING:
    from arb.app.start import StackPlan
    from arb.app.wiring import Engine
    from config.sections import CredentialSettings

Duration = Annotated[int, typer.Option(help="Seconds of trading.", min=1)]
TapePath = Annotated[
    Path | None,
    typer.Option(help="Recorded market data (.csv.gz or .jsonl.gz), or a folder of recorded books."),
]
Data = Annotated[
    Path | None,
    typer.Option(help="Trade on these recorded books (a folder), in a new session: mock and paper."),
]
Speed = Annotated[str, typer.Option(help="Tape seconds per second, or max.")]
Seed = Annotated[int | None, typer.Option(help="Seed of the simulated market.", min=0)]
Mode = Annotated[str, typer.Option(help="mock, paper or live.")]
Clean = Annotated[bool, typer.Option("--clean", help="Begin a new session; the last one is kept.")]
SessionOption = Annotated[str | None, typer.Option("--session", help="Go on with this kept session.")]
Once = Annotated[bool, typer.Option("--once", help="Trade for one interval, then stop.")]
Loops = Annotated[int, typer.Option(help="Trade for this many intervals, then stop.", min=0)]
Group = Annotated[
    str | None, typer.Option("--group", help="Trade as this group: a session of its own, see docs/state.md.")
]
Coins = Annotated[
    str | None, typer.Option("--coins", help="What to trade, with commas, or all that both venues list.")
]
VenuePair = Annotated[
    str | None, typer.Option("--pair", help="The two venues to trade between, with a comma.")
]
Watch = Annotated[
    bool,
    typer.Option("--watch", help="Open nothing; record premiums, and each chance with what it was worth."),
]
Beside = Annotated[
    Path | None,
    typer.Option("--beside", help="Use the servers (and simulated venues) of the stack of this home."),
]
Interval = Annotated[int, typer.Option(help="Seconds of one interval.", min=1)]
ContainerMode = Annotated[str | None, typer.Option(help="mock, paper or live; else ARB_MODE, else mock.")]


def demo(
    duration: Duration = 60,
    tape: TapePath = None,
    speed: Speed = "1",
    seed: Seed = None,
    pair: VenuePair = None,
    as_json: AsJson = False,
) -> None:
    """Trade on two simulated exchanges for a while, then report. Exit 0 only if every invariant held.

    Example: arb demo --duration 60 --seed 7
    """
    from arb.adapters.local.clock import SystemClock
    from arb.app import demo as demonstration
    from arb.app import round_trip
    from arb.app.judge import judge
    from arb.app.start import StackPlan
    from arb.app.tape import Tape
    from arb.cli.views.live import show_live
    from arb.cli.views.report import report_view
    from arb.stack.supervise import Lifetime
    from config.settings import load

    home = running.demo_home()
    os.environ["ARB_HOME"] = str(home.path)  # the settings of this process are the demo's
    if pair is not None:
        os.environ["ARB_PAIR"] = pair
    environ = {**os.environ, "ARB_MODE": "mock"}
    if seed is not None:
        environ["ARB_SIM__SEED"] = str(seed)
    if _checked_speed(speed) != "1" and tape is None:
        raise ConfigError("--speed: is that of a tape; name one with --tape, or leave it out")
    played = Tape(path=tape, speed=speed) if tape else None
    if played is not None:
        held_s = played.holding_s(load("mock", environ).strategy.holding_s_max)
        environ["ARB_STRATEGY__HOLDING_S_MAX"] = os.environ["ARB_STRATEGY__HOLDING_S_MAX"] = str(held_s)
        say(f"{played.told()}; holding time by its clock: {held_s} s here")
    plan = StackPlan(
        home=home,
        settings=load("mock", environ),
        lifetime=Lifetime.CALLER,
        tape=played,
        fresh=True,
    )
    outcome = demonstration.run(
        plan,
        show=lambda engine: show_live(engine, home, SystemClock(), duration, to_stderr=as_json),
        judge=lambda engine: judge(engine, home).report,
        progress=say,
    )
    if outcome is None:
        raise typer.Exit(INTERRUPTED)
    document = outcome.report.as_json() | {
        "round_trip": round_trip.document(plan.settings),
        "simulated": True,
    }
    show(document, as_json, lambda: report_view(document, None))
    raise typer.Exit(DONE if outcome.passed else FAILED)


def up(
    mode: Mode = "mock",
    clean: Clean = False,
    session: SessionOption = None,
    once: Once = False,
    loops: Loops = 0,
    interval: Interval = 10,
    group: Group = None,
    coins: Coins = None,
    pair: VenuePair = None,
    watch: Watch = False,
    beside: Beside = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Start the stack and leave it running; it goes on with the session in use unless told otherwise.

    With --watch nothing is opened: `arb opportunities` lists what there was. With --once or --loops the run
    is bounded: it ends as with `arb down`. With --data simulators play recorded books, from the beginning.

    Example: arb up --mode paper --coins BTC,XRP
    """
    from arb.adapters.local.clock import SystemClock
    from arb.app import round_trip
    from arb.app.session import standing
    from arb.app.start import StackPlan
    from arb.app.tape import Tape, group_on_books
    from arb.stack.supervise import Lifetime
    from config.settings import load

    home = Home.default()
    os.environ["ARB_HOME"] = str(home.path)
    before = load(mode)
    every_coin, played = before.coins, data or before.sim.data
    if played is not None:
        group, clean = group_on_books(Path(played), mode, group or before.group), True
        if beside:
            raise ConfigError("--data: has venues of its own to play it; leave --beside out")
    if clean and session:
        raise ConfigError("--clean begins a new session, --session goes on with a kept one: choose one")
    _ask_for(
        ARB_GROUP=group,
        ARB_COINS=coins,
        ARB_PAIR=pair,
        ARB_WATCH="true" if watch else None,
        ARB_SIM__DATA=str(Path(played).absolute()) if played else None,
        ARB_SIM__PLAYED_S=str(SystemClock().now_ns() // NS_PER_S) if played else None,
    )
    settings = load(mode)
    plan = StackPlan(
        home=home,
        settings=settings,
        lifetime=Lifetime.DETACHED,
        clean=clean,
        session=None if clean else session or settings.session,
        beside=Home(beside) if beside else None,
        world_coins=every_coin,
        tape=Tape(path=Path(settings.sim.data), speed="1") if settings.sim.data else None,
    )
    if plan.tape is not None:
        say(plan.tape.told())
    engine = _started(plan)
    reason = engine.kill_switch.engaged()
    if reason is None and (once or loops):
        _trade_for(engine, loops or 1, interval, as_json)
        return
    say(f"{standing(engine)}; look with `arb status`, stop with `arb down`")
    told = {"session_id": engine.session_id, "killed": reason, "round_trip": round_trip.document(settings)}
    tell(told, as_json, "", "arb.up")


def _started(plan: "StackPlan") -> "Engine":
    """Return the engine of a stack once it trades; nothing is left running where that is interrupted."""
    from arb.app.demo import StopRequested, interruptible
    from arb.app.start import start

    try:
        with interruptible():
            return start(plan, say)
    except StopRequested:
        say("interrupted before trading began; nothing is left running")
        raise typer.Exit(INTERRUPTED) from None


def _ask_for(**settings: str | None) -> None:
    """Set what was given as options, for this process and those that it starts."""
    os.environ.update({name: given for name, given in settings.items() if given is not None})


def _trade_for(engine: "Engine", loops: int, interval_s: int, as_json: bool) -> None:
    """Trade for some intervals, a line after each, then stop the stack; an interrupt stops it sooner."""
    from arb.app.demo import StopRequested, interruptible
    from arb.app.facts.metrics import MetricsReader

    metrics = MetricsReader.of(Home.default())
    metrics.read(engine)  # the first look at the processes: loads are since then
    try:
        with interruptible():
            for loop in range(1, loops + 1):
                engine.clock.sleep_ms(interval_s * 1_000)
                say(f"loop {loop} of {loops}: {metrics.read(engine).line()}")
    except StopRequested:
        say("interrupted: winding down")
    finally:
        down(as_json)


def down(as_json: AsJson = False) -> None:
    """Stop opening trades, wait until nothing is unhedged, then stop every process.

    Example: arb down
    """
    from arb.app import generations
    from arb.app.left_open import left_text
    from arb.stack.shutdown import stop_stack

    home = running.lasting().home
    unrested, left = _rest(home)
    stop_stack(home, say)
    if left is not None:
        say(left_text(left))
    for line in generations.standing(home):
        say(line)
    tell({"rested": not unrested, "reason": unrested, "left_open": left}, as_json, "", "arb.down")
    if unrested:
        say(f"{unrested}: `arb up` goes on from there")
        raise typer.Exit(FAILED)


def _rest(home: Home) -> tuple[str, dict[str, Any] | None]:
    """Bring a stack to rest; return why it could not be, empty if it could, and what stays open.

    It is stopped all the same.
    """
    from arb.adapters.postgres.failures import OtherSchema
    from arb.app import start as stack
    from arb.app.engines import build
    from arb.app.left_open import left_open
    from config.frozen import usable

    try:
        found = usable({**os.environ, "ARB_HOME": str(home.path)})
        engine = build(found.settings)
        rested, left = stack.rest(engine, say), left_open(engine)
    except OtherSchema:  # of a newer version than the stack: that must not keep it from being stopped
        return "stopped without coming to rest, since its database has the schema of another version", None
    except ConfigError as error:
        return f"stopped without coming to rest ({error})", None
    except StoreUnavailable as error:
        return f"stopped without coming to rest, since a store is away ({error})", None
    return "" if rested else "something was still unhedged when the time was up", left


def _checked_speed(text: str) -> str:
    """Return the speed as given. Raises: ConfigError."""
    try:
        if text != "max" and not Decimal(text) > 0:
            raise InvalidOperation
    except InvalidOperation:
        raise ConfigError(f"--speed: {text!r} is neither a number above 0 nor max") from None
    return text


def status(utc: Utc = False, as_json: AsJson = False) -> None:
    """Show the running stack: processes, mode, session, queues.

    Example: arb status --json
    """
    stack = running.attach()
    from arb.cli.views.status import status_of, status_view

    found = status_of(stack.home, stack.status())
    show(found, as_json, lambda: status_view(found, zone_of(utc)))
    if found["problem"]:
        raise typer.Exit(FAILED)


def migrate(mode: ContainerMode = None, as_json: AsJson = False) -> None:
    """Wait for the servers, bring the database to the newest schema, make sure that there is a session.

    Example: arb migrate --mode paper
    """
    from arb.app.container_start import prepare
    from config.settings import load

    session_id = prepare(load(mode), say)
    say(f"the database is ready, session {session_id}")
    tell({"session_id": session_id}, as_json, "")


def begin(mode: ContainerMode = None, as_json: AsJson = False) -> None:
    """Wait for servers and venues, open the books, reconcile, allow trading. The processes run already.

    Example: arb begin --mode paper
    """
    from arb.app import container_start as operation
    from arb.app.session import standing
    from config.settings import load

    engine = operation.begin(load(mode), say)
    say(standing(engine))
    tell({"session_id": engine.session_id}, as_json, "")


def world() -> None:
    """Write what the simulated exchanges read, below ARB_HOME; one that is there goes on.

    Example: arb world
    """
    from arb.adapters.local.clock import SystemClock, SystemEntropy
    from arb.app.sim_world import write_world
    from config.settings import load

    settings = load("mock")
    credentials = {venue.value: _pair(venue, settings.of(venue).credentials) for venue in settings.pair}
    home = Home.default()
    home.sim.mkdir(parents=True, exist_ok=True)
    write_world(home, settings, None, SystemClock(), SystemEntropy(), credentials)
    say(f"the simulated world is in {home.sim}")


def _pair(venue: Venue, credentials: "CredentialSettings | None") -> dict[str, str]:
    """Return the key pair that the simulator accepts. Raises: ConfigError."""
    if credentials is None or not (
        credentials.key.get_secret_value() and credentials.secret.get_secret_value()
    ):
        variable = f"ARB_{venue.upper()}__CREDENTIALS__"
        raise ConfigError(f"{variable}KEY and {variable}SECRET: missing; make up any two words for them")
    return {"key": credentials.key.get_secret_value(), "secret": credentials.secret.get_secret_value()}
