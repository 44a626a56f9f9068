"""What is news is kept once, over restarts, changes of the clock and of the session."""

from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

import pytest

from arb.adapters.local.clock import ManualClock
from arb.adapters.memory.messages import MemoryMessages
from arb.adapters.memory.tables import MemoryTables
from arb.domain.errors import StoreUnavailable
from arb.domain.health.message import Message, MessageKind
from arb.domain.risk.review import Mode
from arb.domain.time import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE, NS_PER_S, day_of
from arb.engine.health.news import AT_ONCE, LATE_NS, NoteNews
from arb.ports.trading import Session

UTC, SEOUL = ZoneInfo("UTC"), ZoneInfo("Asia/Seoul")
NOON_NS = day_of(1_800_000_000 * NS_PER_S, UTC).from_ns + 12 * NS_PER_HOUR


def session(name: str = "s1", started_ns: int = NOON_NS - 30 * NS_PER_DAY) -> Session:
    return Session(
        session_id=name, environment="paper", started_at_ns=started_ns, mode=Mode.NORMAL, mode_reason="",
        mode_changed_at_ns=started_ns,
    )  # fmt: skip


@dataclass
class Rows:
    """What the rows say: trades by when they closed, and on which days the stack ran."""

    trades: dict[str, int] = field(default_factory=dict)
    generations: dict[int, int] = field(default_factory=dict)
    idle: set[str] = field(default_factory=set)
    kept: object = None
    dies: bool = False

    def closed(self, session_id, since_ns, limit):
        known = {
            row.message.key
            for row in self.kept.tables.messages
            if row.message.kind is MessageKind.TRADE_CLOSED
        }
        found = sorted((at_ns, key) for key, at_ns in self.trades.items() if at_ns >= since_ns)
        new = [(at_ns, key) for at_ns, key in found if key not in known]
        return [Message(kind=MessageKind.TRADE_CLOSED, key=key, at_ns=at_ns) for at_ns, key in new[:limit]]

    def rules(self, session_id, since_ns):
        return [
            Message(kind=MessageKind.RULES_CHANGED, key=str(number), at_ns=at_ns)
            for number, at_ns in self.generations.items()
            if at_ns >= since_ns
        ]

    def day(self, session_id, day, zone):
        if self.dies:
            raise StoreUnavailable("died")
        key = f"{day.from_ns // NS_PER_DAY}"
        if key in self.idle:
            return None
        return Message(kind=MessageKind.DAY_SUMMARY, key=key, at_ns=day.to_ns)


@pytest.fixture
def desk():
    return Desk()


class Desk:
    def __init__(self) -> None:
        self.clock = ManualClock(NOON_NS)
        self.store = MemoryMessages(MemoryTables())
        self.rows = Rows(kept=self.store)
        self.sessions = [session()]

    def look(self, *kinds: MessageKind, zone: ZoneInfo = UTC) -> None:
        """Look in a process that has just begun: nothing is remembered but what is kept."""
        NoteNews(
            sessions=lambda: self.sessions, source=self.rows, store=self.store,
            kinds=kinds or tuple(MessageKind), zone=zone, clock=self.clock,
        ).run()  # fmt: skip

    def at(self, now_ns: int, *kinds: MessageKind) -> None:
        self.clock = ManualClock(now_ns)
        self.look(*kinds)

    def keys(self, kind: MessageKind) -> list[str]:
        return [row.message.key for row in self.store.tables.messages if row.message.kind is kind]


def test_what_closed_before_a_kind_was_turned_on_is_no_news(desk):
    desk.rows.trades = {"old": NOON_NS - NS_PER_MINUTE}
    desk.look(MessageKind.TRADE_CLOSED)
    desk.rows.trades["new"] = NOON_NS + 1
    for after_s in (5, 10, 15):
        desk.at(NOON_NS + after_s * NS_PER_S, MessageKind.TRADE_CLOSED)
    assert desk.keys(MessageKind.TRADE_CLOSED) == ["new"]


def test_a_session_that_has_just_begun_is_told_from_its_first_trade(desk):
    desk.sessions = [session(started_ns=NOON_NS - 30 * NS_PER_S)]
    desk.rows.trades = {"first": NOON_NS - NS_PER_S}
    desk.look(MessageKind.TRADE_CLOSED)
    assert desk.keys(MessageKind.TRADE_CLOSED) == ["first"]


def test_a_row_that_is_committed_late_is_found_and_none_twice(desk):
    desk.look(MessageKind.TRADE_CLOSED)
    desk.rows.trades["prompt"] = NOON_NS + NS_PER_HOUR
    desk.at(NOON_NS + NS_PER_HOUR + NS_PER_S, MessageKind.TRADE_CLOSED)
    desk.rows.trades["late"] = NOON_NS + NS_PER_HOUR
    desk.at(NOON_NS + NS_PER_HOUR + NS_PER_MINUTE, MessageKind.TRADE_CLOSED)
    assert desk.keys(MessageKind.TRADE_CLOSED) == ["prompt", "late"]


def test_more_than_is_read_at_once_is_read_in_turns_and_all_of_it(desk):
    desk.look(MessageKind.TRADE_CLOSED)
    desk.rows.trades = {f"T{number:04}": NOON_NS + number for number in range(1, AT_ONCE * 2 + 10)}
    for after_s in (5, 10, 15):
        desk.at(NOON_NS + after_s * NS_PER_S, MessageKind.TRADE_CLOSED)
    assert len(desk.keys(MessageKind.TRADE_CLOSED)) == AT_ONCE * 2 + 9


def test_a_clock_that_is_set_back_hides_no_trade_and_repeats_none(desk):
    desk.look(MessageKind.TRADE_CLOSED)
    desk.rows.trades["before"] = NOON_NS + NS_PER_HOUR
    desk.at(NOON_NS + NS_PER_HOUR + NS_PER_S, MessageKind.TRADE_CLOSED)
    back_ns = NOON_NS - 5 * NS_PER_HOUR
    desk.at(back_ns, MessageKind.TRADE_CLOSED)
    desk.rows.trades["after"] = back_ns + NS_PER_S
    desk.at(back_ns + 5 * NS_PER_S, MessageKind.TRADE_CLOSED)
    assert desk.keys(MessageKind.TRADE_CLOSED) == ["before", "after"]


def test_a_kind_that_was_off_for_a_while_begins_anew(desk):
    desk.look(MessageKind.TRADE_CLOSED)
    desk.at(NOON_NS + NS_PER_MINUTE, MessageKind.DAY_SUMMARY)
    desk.rows.trades["meanwhile"] = NOON_NS + 2 * NS_PER_MINUTE
    desk.at(NOON_NS + 2 * LATE_NS, MessageKind.TRADE_CLOSED)
    desk.at(NOON_NS + 2 * LATE_NS + NS_PER_S, MessageKind.TRADE_CLOSED)
    assert desk.keys(MessageKind.TRADE_CLOSED) == []


def test_new_rules_are_told_once(desk):
    desk.look(MessageKind.RULES_CHANGED)
    desk.rows.generations = {2: NOON_NS + NS_PER_S}
    for after_s in (5, 10):
        desk.at(NOON_NS + after_s * NS_PER_S, MessageKind.RULES_CHANGED)
    assert desk.keys(MessageKind.RULES_CHANGED) == ["2"]


def days(desk) -> list[int]:
    """Return which days were summed up, counted from the day that desk began in."""
    today = day_of(NOON_NS, UTC).from_ns // NS_PER_DAY
    return [int(key) - today for key in desk.keys(MessageKind.DAY_SUMMARY)]


def test_a_day_is_summed_up_after_it_ended_and_once(desk):
    desk.look()
    assert days(desk) == [-1]
    midnight_ns = day_of(NOON_NS, UTC).to_ns + 1
    desk.at(midnight_ns + 30 * NS_PER_S)
    assert days(desk) == [-1]
    for after_s in (70, 75, 7200):
        desk.at(midnight_ns + after_s * NS_PER_S)
    assert days(desk) == [-1, 0]


def test_a_stack_that_was_down_at_midnight_loses_no_day(desk):
    desk.look()
    desk.at(NOON_NS + 3 * NS_PER_DAY)
    assert days(desk) == [-1, 0, 1, 2]


def test_days_without_a_trade_or_a_running_stack_are_left_out(desk):
    desk.look()
    today = day_of(NOON_NS, UTC).from_ns // NS_PER_DAY
    desk.rows.idle = {str(today + 1)}
    desk.at(NOON_NS + 3 * NS_PER_DAY)
    assert days(desk) == [-1, 0, 2]


def test_a_process_that_dies_over_a_day_leaves_it_to_the_next_one(desk):
    desk.look()
    desk.rows.dies = True
    with pytest.raises(StoreUnavailable):
        desk.at(NOON_NS + NS_PER_DAY)
    desk.rows.dies = False
    desk.at(NOON_NS + NS_PER_DAY)
    assert days(desk) == [-1, 0]


def test_one_that_dies_between_a_summary_and_its_mark_tells_it_once(desk):
    desk.look()
    mark = desk.store.mark("s1", MessageKind.DAY_SUMMARY)
    desk.at(NOON_NS + NS_PER_DAY)
    desk.store.set_mark("s1", MessageKind.DAY_SUMMARY, mark)
    desk.at(NOON_NS + NS_PER_DAY + NS_PER_S)
    assert days(desk) == [-1, 0]


def test_the_last_day_of_a_session_that_was_followed_is_told_too(desk):
    desk.sessions = [session("s1")]
    desk.look()
    following = session("s2", NOON_NS + NS_PER_HOUR)
    desk.sessions = [following, session("s1")]
    desk.at(NOON_NS + 2 * NS_PER_HOUR)
    desk.at(NOON_NS + NS_PER_DAY)
    own = [(row.session_id, row.message.key) for row in desk.store.tables.messages]
    today = str(day_of(NOON_NS, UTC).from_ns // NS_PER_DAY)
    assert [of for of, key in own if key == today] == ["s2", "s1"]
    desk.at(NOON_NS + 2 * NS_PER_DAY)
    assert [of for of, key in own if of == "s1" and key > today] == []
    assert desk.store.mark("s1", MessageKind.DAY_SUMMARY) is None


def test_a_day_of_seoul_ends_at_its_own_midnight(desk):
    desk.look(zone=SEOUL)
    before = len(days(desk))
    desk.clock = ManualClock(day_of(NOON_NS, SEOUL).to_ns + 2 * NS_PER_MINUTE)
    desk.look(zone=SEOUL)
    assert len(days(desk)) == before + 1


def test_without_a_session_nothing_is_looked_for(desk):
    desk.sessions = []
    desk.look()
    assert desk.store.tables.messages == []


def test_a_days_length_follows_the_zones_clock_changes():
    berlin = ZoneInfo("Europe/Berlin")
    spring = day_of(1_774_745_999 * NS_PER_S + NS_PER_HOUR, berlin)  # 29 March 2026
    assert (spring.to_ns + 1 - spring.from_ns) // NS_PER_HOUR == 23
    assert replace(spring) == spring
