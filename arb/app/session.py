"""Beginning and ending a session: it trades only between an explained start and a recorded rest."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from arb.app.session_switch import refuse_unless_at_rest
from arb.app.wiring import Engine
from arb.domain.errors import ConfigError, StoreUnavailable, VenueError
from arb.domain.market.ids import SessionId
from arb.domain.risk.mode import PASSING, Cause, ended_by, reason_text, return_to
from arb.domain.risk.review import Mode
from arb.domain.state.account import are_others, refusal
from arb.domain.state.owner import Accounts
from arb.domain.state.recovery import SESSION, Recovery
from arb.domain.state.snapshot import SnapshotKind
from arb.domain.time import NS_PER_MS
from arb.engine.state.resume import ResumeReport
from arb.engine.trading.halt import halt
from arb.ports.market import Clock, Entropy
from arb.ports.trading import Session, SessionStore, TradeStore
from arb.stack.shutdown import Progress, silent
from config.settings import Settings

EXPLAIN_MS_MAX: Final = 60_000  # the longest rule of proof takes 15 s, twice, and then some
ASKING_MS_MAX: Final = 2_000  # the answer to a question, not the proof that takes the time it takes
AGAIN_MS: Final = 1_000  # a look at everything costs 100 of Binance's weight
PAUSE_MS: Final = 50
LOOKS: Final = 3
ACCEPT: Final = "arb reconcile --accept REASON"
REST_MS_MAX: Final = 30_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPlace:
    """Where a session belongs: each group of an environment has one in use."""

    environment: str
    group: str = ""
    accounts: Accounts = field(default_factory=dict)  # sessions of one account see the same balances

    @classmethod
    def of(cls, settings: Settings, accounts: Accounts) -> "SessionPlace":
        """Return the place of a process with these settings and accounts."""
        return cls(environment=settings.mode.value, group=settings.group, accounts=accounts)

    def name(self, now_ns: int, entropy: Entropy) -> SessionId:
        """Return the id of a new session."""
        start = f"{self.environment}-{self.group}" if self.group else self.environment
        return SessionId(f"{start}-{now_ns // 1_000_000_000}-{entropy.bits(24):06x}")


def create_session(sessions: SessionStore, place: SessionPlace, clock: Clock, entropy: Entropy) -> SessionId:
    """Write a new session, halted until its books are opened and reconciled."""
    now_ns = clock.now_ns()
    session_id = place.name(now_ns, entropy)
    sessions.create(
        Session(
            session_id=session_id,
            environment=place.environment,
            started_at_ns=now_ns,
            mode=Mode.HALTED,
            mode_reason=reason_text(Cause.STARTING),
            mode_changed_at_ns=now_ns,
            group_name=place.group,
            accounts=place.accounts,
        )
    )
    return session_id


def resume_session(
    sessions: SessionStore, trades: TradeStore, place: SessionPlace, clock: Clock, entropy: Entropy
) -> SessionId:
    """Return the newest session, halted until it is reconciled, or a new one if none is on the accounts.

    A halt that only a person lifts stays as it is. A session is of its accounts for good: one on others that
    has nothing at risk there is kept.
    Raises: ConfigError if it has.
    """
    session = sessions.current(place.environment, place.group)
    if session is None:
        return create_session(sessions, place, clock, entropy)
    if are_others(session.accounts, place.accounts):
        if at_risk := _at_risk(session.session_id, trades):
            raise ConfigError(refusal(session.session_id, session.accounts, place.accounts, at_risk))
        return clean_session(sessions, trades, place, clock, entropy)
    sessions.name_accounts(session.session_id, place.accounts)
    halt(sessions, session.session_id, reason_text(Cause.STARTING), clock.now_ns())
    return session.session_id


def _at_risk(session_id: SessionId, trades: TradeStore) -> int:
    """Return how many trades are open or have a leg alone, or how many orders may still execute."""
    at_risk = len(trades.active(session_id)) + len(trades.alone(session_id))
    return at_risk or trades.working(session_id)


def take_up_session(
    sessions: SessionStore,
    trades: TradeStore,
    chosen: SessionId,
    place: SessionPlace,
    clock: Clock,
    entropy: Entropy,
) -> SessionId:
    """Make a kept session the one in use; the one that was is kept.

    Raises: ConfigError if there is no such session, or the one in use must be looked after.
    """
    session = sessions.get(chosen)
    if session is None or session.environment != place.environment:
        raise ConfigError(f"no {place.environment} session {chosen} exists; list them with `arb sessions`")
    if session.group_name != place.group:
        its = f"group {session.group_name}" if session.group_name else "no group"
        raise ConfigError(f"session {chosen} is of {its}; resume it with the same --group")
    if are_others(session.accounts, place.accounts):
        at_risk = _at_risk(chosen, trades)
        raise ConfigError(refusal(chosen, session.accounts, place.accounts, at_risk))
    in_use = sessions.current(place.environment, place.group)
    if in_use is not None and in_use.session_id != chosen:
        refuse_unless_at_rest(in_use, trades, clock.now_ns())
    sessions.take_up(chosen, clock.now_ns())
    return resume_session(sessions, trades, place, clock, entropy)


def clean_session(
    sessions: SessionStore, trades: TradeStore, place: SessionPlace, clock: Clock, entropy: Entropy
) -> SessionId:
    """Begin a new session with empty books; the one in use is kept, and can be resumed.

    Raises: ConfigError if the old one must be looked after.
    """
    old = sessions.current(place.environment, place.group)
    if old is not None:
        refuse_unless_at_rest(old, trades, clock.now_ns())
    session_id = create_session(sessions, place, clock, entropy)
    sessions.take_up(session_id, clock.now_ns())
    return session_id


def go_on(engine: Engine, began_ns: int, ready: Callable[[], None], progress: Progress) -> None:
    """Take the steps of every start, whoever started the processes: from the rows to a session that trades.

    `ready` returns when what trading needs answers. Raises: ConfigError if something stays unexplained.
    """
    ended = ended_by(engine.sessions.last_mode(engine.session_id, besides=(Cause.STARTING,)))
    account = _resumed(engine, progress if ended else silent)
    if _stop_goes_on(engine, progress):
        return
    ready()
    begin_trading(engine, progress)
    if ended:
        _note_recovery(engine, ended, began_ns, account)


def _stop_goes_on(engine: Engine, progress: Progress) -> bool:
    """Go on with an emergency stop that still waits; tell whether it does.

    It may wait for the very venue that a start would ask. Where nothing is out any more, the stack starts.
    """
    emergency = engine.kill.emergency
    if not emergency.is_under_way():
        emergency.forget()  # of a session that was at rest when another one took its place
        return False
    _keep_killed(engine)
    progress("going on with the emergency stop: looking after what is out")
    if engine.kill.drain.wait(REST_MS_MAX):
        emergency.forget()
        return False
    emergency.started()
    return True


def _resumed(engine: Engine, progress: Progress) -> ResumeReport:
    """Rebuild the session from what is stored and say what was done. Raises: ConfigError if it differs."""
    account = engine.state.resume.run()
    for line in account.lines():
        progress(line)
    if account.differences:
        raise ConfigError(f"trading stays halted: {account.differences[0]}; see `arb check`")
    return account


def _note_recovery(engine: Engine, ended: str, began_ns: int, account: ResumeReport) -> None:
    """Write down that a session goes on, and how long that took from the beginning of the start."""
    engine.sessions.recovered(
        engine.session_id,
        Recovery(
            component=SESSION,
            cause=ended,
            lost_at_ns=began_ns,
            recovered_at_ns=engine.clock.now_ns(),
            detail="; ".join(account.lines()),
        ),
    )


def begin_trading(engine: Engine, progress: Progress) -> None:
    """Open the books, explain everything, then allow what was allowed before the session ended.

    Raises: ConfigError if something stays unexplained.
    """
    _keep_killed(engine)
    for line in engine.trading.sweep.held_pairs.run():
        progress(line)
    progress("opening the books")
    try:
        engine.ledger.reconcile.open_books()
        _explain(engine, progress)
    except (VenueError, StoreUnavailable) as error:
        raise ConfigError(f"trading stays halted: {error}") from error
    session = engine.sessions.get(engine.session_id)
    if session is not None and session.reason.cause is Cause.STARTING:
        mode, reason = return_to(engine.sessions.last_mode(engine.session_id, besides=PASSING))
        engine.sessions.change_mode(session, mode, reason, engine.clock.now_ns())
        engine.trading.sweep.lone_legs.run()  # at once: a sweep comes two seconds later


def standing(engine: Engine) -> str:
    """Say whether a session that was begun trades, and if not, why and until when."""
    session = engine.sessions.get(engine.session_id)
    if engine.kill.emergency.is_under_way():
        return f"session {engine.session_id} is halted and the stack ends once nothing is out (`arb status`)"
    if session is None or session.mode is Mode.NORMAL:
        return f"session {engine.session_id} is trading"
    if session.reason.cause is Cause.KILLED:
        why = session.reason.detail
        return f"session {engine.session_id} runs and stays killed ({why}): `arb unkill` lets it trade"
    until = "until that passes" if session.reason.cause in PASSING else "until `arb mode normal`"
    return f"session {engine.session_id} runs and is {session.mode} {until} ({session.mode_reason})"


def _keep_killed(engine: Engine) -> None:
    """Bring the kill switch and the mode together: a kill holds in both until `arb unkill`.

    The mode may not know of it since the database was away, the switch since this is another machine.
    """
    session = engine.sessions.get(engine.session_id)
    if session is None:
        return
    now_ns = engine.clock.now_ns()
    if session.reason.cause is Cause.KILLED:
        engine.kill_switch.engage(session.reason.detail, now_ns)
    elif (reason := engine.kill_switch.engaged()) is not None:
        engine.sessions.set_mode(engine.session_id, Mode.HALTED, reason_text(Cause.KILLED, reason), now_ns)


def _explain(engine: Engine, progress: Progress) -> None:
    """Wait until everything at the venues is explained and every order has had time to be asked about.

    What an order whose fate only time can prove may cost stays on hold, and nothing else waits for it.
    """
    progress("reconciling with the venues")
    began_ns = engine.clock.now_ns()
    told = False
    while True:
        _ask_about_orders(engine, began_ns + ASKING_MS_MAX * NS_PER_MS)
        found = engine.ledger.reconcile.run(LOOKS)
        if found.explained or found.bearable:
            break
        text = "; ".join(found.lines())
        if engine.clock.now_ns() > began_ns + EXPLAIN_MS_MAX * NS_PER_MS:
            raise ConfigError(f"trading stays halted: {text}")
        if found.drifts and not told:
            told = True
            progress(f"{text}; if you moved money, `{ACCEPT}` in another terminal books it now")
        engine.clock.sleep_ms(AGAIN_MS)
    if working := engine.trades.working(engine.session_id):
        progress(f"{working} orders are still asked about; what they may cost stays on hold")


def _ask_about_orders(engine: Engine, until_ns: int) -> None:
    """Wait while orders are asked about; nobody else looks after lost messages yet."""
    engine.trading.sweep.run()
    while engine.trades.working(engine.session_id) and engine.clock.now_ns() < until_ns:
        engine.clock.sleep_ms(PAUSE_MS)


def come_to_rest(engine: Engine) -> bool:
    """Open no more trades, wait until nothing is unhedged, snapshot; tell whether it came to rest."""
    engine.kill.drain.begin(reason_text(Cause.STOPPING))
    rested = engine.kill.drain.wait(REST_MS_MAX)
    engine.state.take_snapshot.run(SnapshotKind.ON_STOP)
    return rested
