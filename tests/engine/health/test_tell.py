"""What waits is told once, together where it is much, and lasts until somebody takes it."""

from dataclasses import dataclass, field

import pytest

from arb.adapters.local.clock import ManualClock
from arb.adapters.memory.messages import MemoryMessages
from arb.adapters.memory.tables import MemoryTables
from arb.domain.errors import StoreUnavailable
from arb.domain.health.message import Message, MessageKind
from arb.domain.time import NS_PER_DAY, NS_PER_MINUTE, NS_PER_S
from arb.engine.health.tell import CUT_OFF, LEASE_NS, Tell
from arb.ports.messaging import Sent

NOW_NS = 1_800_000_000 * NS_PER_S
PAUSE_NS = 60 * NS_PER_S


class Died(BaseException):
    """The process ended."""


@dataclass
class Messenger:
    sent: list[tuple[str, str]] = field(default_factory=list)
    why: str = ""
    dies: bool = False

    def send(self, title, text, message):
        self.sent.append((title, text))
        if self.dies:
            raise Died
        return Sent(why=self.why) if self.why else Sent(by="apprise")


class Uncounted:
    def count(self, name, reason, amount=1): ...

    def read(self):
        return {}


class Desk:
    def __init__(self) -> None:
        self.store, self.messenger = MemoryMessages(MemoryTables()), Messenger()
        self.clock = ManualClock(NOW_NS)

    def has(self, kind: MessageKind, *keys: str, at_ns: int = NOW_NS) -> None:
        facts = {"coin": "BTC", "pnl_krw": "100", "day": "x"}
        self.store.add("s1", [Message(kind=kind, key=key, at_ns=at_ns, facts=facts) for key in keys])

    def tell(self, after_ns: int = 0) -> int:
        """Tell in a process that has just begun."""
        self.clock = ManualClock(NOW_NS + after_ns)
        return Tell(
            sessions=lambda: ["s1"], store=self.store, messenger=self.messenger, templates={},
            pause_ns=PAUSE_NS, counters=Uncounted(), clock=self.clock,
        ).run()  # fmt: skip

    @property
    def titles(self) -> list[str]:
        return [title for title, _ in self.messenger.sent]


@pytest.fixture
def desk():
    return Desk()


def test_a_message_is_told_once_however_often_it_is_looked_for(desk):
    desk.has(MessageKind.DAY_SUMMARY, "2026-01-01")
    assert desk.tell() == 1
    assert [desk.tell(days * NS_PER_DAY) for days in range(1, 5)] == [0, 0, 0, 0]
    assert len(desk.titles) == 1


def test_much_of_a_kind_is_one_message_and_days_are_one_each(desk):
    desk.has(MessageKind.TRADE_CLOSED, *(f"T{number}" for number in range(50)))
    desk.has(MessageKind.DAY_SUMMARY, "2026-01-01", "2026-01-02")
    assert desk.tell() == 52
    assert len(desk.titles) == 3
    assert "50 trades closed: +5,000 KRW" in desk.titles


def test_a_storm_of_trades_is_a_message_a_minute(desk):
    for second in range(0, 300, 5):
        desk.has(MessageKind.TRADE_CLOSED, f"T{second}", at_ns=NOW_NS + second * NS_PER_S)
        desk.tell(second * NS_PER_S)
    assert len(desk.titles) == 5


def test_what_nobody_takes_is_tried_less_and_less_often_and_told_in_the_end(desk):
    desk.has(MessageKind.DAY_SUMMARY, "2026-01-01")
    desk.messenger.why = "apprise: not taken by tgram (1)"
    for second in range(0, 7_200, 5):
        desk.tell(second * NS_PER_S)
    assert len(desk.titles) == 9  # 30 s, then twice as long each time, 30 min at the most
    desk.messenger.why = ""
    assert desk.tell(2 * NS_PER_DAY) == 1
    assert CUT_OFF not in desk.messenger.sent[-1][1]


def test_a_process_that_dies_while_it_sends_has_another_send_it_and_say_so(desk):
    desk.has(MessageKind.DAY_SUMMARY, "2026-01-01")
    desk.messenger.dies = True
    with pytest.raises(Died):
        desk.tell()
    desk.messenger.dies = False
    assert desk.tell(LEASE_NS - 1) == 0
    assert desk.tell(LEASE_NS) == 1
    assert CUT_OFF in desk.messenger.sent[-1][1]
    assert desk.tell(NS_PER_DAY) == 0


def test_a_database_that_goes_after_the_sending_is_waited_for(desk):
    desk.has(MessageKind.DAY_SUMMARY, "2026-01-01")
    keep, tries = desk.store.told, []

    class Flickering(MemoryMessages):
        def told(self, message_ids, by, now_ns):
            tries.append(now_ns)
            if len(tries) < 3:
                raise StoreUnavailable("away")
            keep(message_ids, by, now_ns)

    desk.store = Flickering(desk.store.tables)
    assert desk.tell() == 1
    assert desk.tell(NS_PER_DAY) == 0
    assert len(desk.titles) == 1


def test_a_database_that_is_away_tells_nothing(desk):
    desk.has(MessageKind.DAY_SUMMARY, "2026-01-01")
    desk.store.tables.away = True
    with pytest.raises(StoreUnavailable):
        desk.tell()
    assert desk.titles == []


def test_old_news_is_dropped_and_an_old_day_is_not(desk):
    desk.has(MessageKind.PREMIUM_ABOVE, "BTC 1")
    desk.has(MessageKind.TRADE_CLOSED, "T1")
    desk.has(MessageKind.DAY_SUMMARY, "2026-01-01")
    assert desk.tell(2 * NS_PER_DAY) == 1
    assert desk.titles[0].startswith("Day ")
    assert desk.tell(3 * NS_PER_DAY) == 0


def test_another_sessions_messages_wait(desk):
    desk.store.add("other", [Message(kind=MessageKind.DAY_SUMMARY, key="2026-01-01", at_ns=NOW_NS)])
    assert desk.tell(NS_PER_MINUTE) == 0
