"""Messages, wired: what is news of a session, and who tells it."""

import atexit
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from threading import Lock
from typing import Final
from zoneinfo import ZoneInfo

import structlog

from arb.adapters.alerts.channels import Channels
from arb.adapters.local.errands import ThreadErrands
from arb.adapters.postgres.messages import SqlMessages
from arb.adapters.postgres.news import SqlNews
from arb.app.alerts import channels_of, sender_of
from arb.app.rules import limits_of
from arb.app.wiring import Engine
from arb.domain.errors import Late, StoreError
from arb.domain.health.message import MessageKind
from arb.domain.market.ids import Coin
from arb.domain.time import NS_PER_DAY, NS_PER_S
from arb.engine.health.marks import WatchMarks
from arb.engine.health.news import OLDER_SESSIONS_MAX, NoteNews
from arb.engine.health.tell import Tell
from arb.ports.trading import Session
from config.settings import Settings

TELLING: Final = "messages"
BEGIN_MS: Final = 50  # telling goes on by itself
END_MS: Final = 10_000  # at the end of the process, for what is just being told
KEPT_NS_MIN: Final = 10 * NS_PER_DAY  # longer than anything is looked for again
log = structlog.get_logger("arb.alerts")


@dataclass(frozen=True, slots=True)
class _Wired:
    engine: Engine
    note: NoteNews
    marks: WatchMarks
    tell: Tell


class Newsroom:
    """Of one process: looks for news, and sends a thread out with it, one at a time."""

    def __init__(self) -> None:
        self._errands, self._lock = ThreadErrands(), Lock()
        self._wired: _Wired | None = None

    def run(self, engine: Engine) -> bool:
        """Note what is new and begin to tell; False without a channel. Raises: StoreUnavailable."""
        if not _has_channel(engine.settings):
            return False
        wired = self._of(engine)
        wired.note.run()
        wired.marks.run()
        try:
            self._errands.run(TELLING, lambda: _told(wired.tell), BEGIN_MS)
        except Late:  # it takes its time, or the last one still does
            return True
        return True

    def clean_up(self, engine: Engine, before_ns: int) -> None:
        """Delete messages that ended before then. Raises: StoreUnavailable."""
        SqlMessages(engine.stores.alerts.engine).clean_up(min(before_ns, engine.clock.now_ns() - KEPT_NS_MIN))

    def _of(self, engine: Engine) -> _Wired:
        """Return what is wired for an engine, which is another one after each reload."""
        with self._lock:
            if self._wired is None:
                atexit.register(self._finish)
            if self._wired is None or self._wired.engine is not engine:
                self._wired = _wire(engine)
            return self._wired

    def _finish(self) -> None:
        """Wait, not for long, until what is being told is told and kept: else it would be told again."""
        if self._wired is None:
            return None
        clock = self._wired.engine.clock
        until_ns = clock.steady_ns() + END_MS * 1_000_000
        while clock.steady_ns() < until_ns:
            try:
                return self._errands.run(TELLING, lambda: None, BEGIN_MS)
            except Late:
                clock.sleep_ms(BEGIN_MS)
        return None


newsroom: Final = Newsroom()


def _told(tell: Tell) -> int:
    """Tell what is due; while the database is away that is nothing."""
    try:
        return tell.run()
    except StoreError:
        log.warning("messages_not_read")
        return 0


def _has_channel(settings: Settings) -> bool:
    return bool(settings.alerts.urls) or settings.alerts.webhook_url is not None


def _wire(engine: Engine) -> _Wired:
    settings, store = engine.settings, SqlMessages(engine.stores.alerts.engine)
    wanted = settings.messages
    kinds = frozenset(wanted.kinds)

    def sessions() -> Sequence[Session]:
        return _sessions_of(engine)

    note = NoteNews(
        sessions=sessions,
        source=SqlNews(engine.stores.alerts.engine),
        store=store,
        kinds=kinds,
        zone=ZoneInfo(wanted.day_zone),
        clock=engine.clock,
    )
    marks = WatchMarks(
        session_id=engine.session_id,
        coins=tuple(Coin(coin) for coin in settings.traded),
        markets=engine.markets,
        trades=engine.trades,
        store=store,
        limits=limits_of(settings),
        leg_notional=settings.leg_notional,
        premium_bps=_mark(wanted.premium_bps, MessageKind.PREMIUM_ABOVE, kinds),
        legs_min=_mark(wanted.inventory_legs_min, MessageKind.INVENTORY_LOW, kinds),
        again_ns=wanted.again_sec * NS_PER_S,
        clock=engine.clock,
    )
    tell = Tell(
        sessions=lambda: [session.session_id for session in sessions()],
        store=store,
        messenger=Channels(channels_of(settings), sender_of(settings)),
        templates={kind.value: text for kind, text in wanted.templates.items()},
        pause_ns=wanted.together_sec * NS_PER_S,
        counters=engine.counters,
        clock=engine.clock,
    )
    return _Wired(engine, note, marks, tell)


def _sessions_of(engine: Engine) -> Sequence[Session]:
    """Return the engine's session and the ones before it, of its mode, group and account, newest first."""
    owner = engine.stores.owner
    found = [
        each
        for each in engine.unmirrored.sessions.listed(engine.settings.mode)
        if each.group_name == engine.settings.group and owner.may_touch(each.owner)
    ]
    own = [each for each in found if each.session_id == engine.session_id]
    others = [each for each in found if each.session_id != engine.session_id]
    return (*own, *others[:OLDER_SESSIONS_MAX])


def _mark(value: Decimal, kind: MessageKind, kinds: frozenset[MessageKind]) -> Decimal | None:
    return value if kind in kinds else None
