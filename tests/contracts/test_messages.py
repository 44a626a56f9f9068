"""Messages are kept once, claimed by one at a time, and told until somebody took them."""

import pytest

from arb.domain.errors import StoreUnavailable
from arb.domain.health.message import Message, MessageKind
from arb.domain.time import NS_PER_DAY, NS_PER_MINUTE, NS_PER_S
from tests.contracts import world

NOW_NS = world.NOW_NS
LEASE_NS, PAUSE_NS = 120 * NS_PER_S, 60 * NS_PER_S


def closed(key: str = "T1", kind: MessageKind = MessageKind.TRADE_CLOSED, at_ns: int = NOW_NS) -> Message:
    return Message(kind=kind, key=key, at_ns=at_ns, facts={"coin": "BTC", "pnl_krw": "12.5"})


def claimed(stores, session, now_ns: int = NOW_NS):
    return stores.messages.claim([session.session_id], now_ns, LEASE_NS, PAUSE_NS)


def test_what_is_known_is_not_kept_again(stores, session):
    store, own = stores.messages, session.session_id
    assert store.add(own, [closed("T1"), closed("T2"), closed("T1")]) == 2
    assert store.add(own, [closed("T2"), closed("T3")]) == 1
    assert store.add(own, []) == 0
    assert [each.message for each in claimed(stores, session)] == [closed("T1"), closed("T2"), closed("T3")]


def test_a_claim_is_nobody_elses_until_its_lease_ends_and_then_it_was_cut_off(stores, session):
    stores.messages.add(session.session_id, [closed()])
    [first] = claimed(stores, session)
    assert (first.tries, first.was_cut_off) == (1, False)
    assert claimed(stores, session, NOW_NS + LEASE_NS - 1) == ()
    [second] = claimed(stores, session, NOW_NS + LEASE_NS)
    assert (second.message_id, second.tries, second.was_cut_off) == (first.message_id, 2, True)


def test_what_was_told_is_never_claimed_again(stores, session):
    stores.messages.add(session.session_id, [closed()])
    [waiting] = claimed(stores, session)
    stores.messages.told([waiting.message_id], "apprise", NOW_NS)
    stores.messages.failed([waiting.message_id], "late", NOW_NS)  # of a try that came back too late
    assert claimed(stores, session, NOW_NS + NS_PER_DAY) == ()
    assert stores.messages.add(session.session_id, [closed()]) == 0


def test_what_failed_waits_for_its_time_and_was_not_cut_off(stores, session):
    stores.messages.add(session.session_id, [closed()])
    [waiting] = claimed(stores, session)
    due_ns = NOW_NS + 5 * NS_PER_MINUTE
    stores.messages.failed([waiting.message_id], "not taken by tgram (1)", due_ns)
    assert claimed(stores, session, due_ns - 1) == ()
    [again] = claimed(stores, session, due_ns)
    assert (again.tries, again.was_cut_off) == (2, False)


def test_a_kind_that_was_tried_rests_and_another_does_not(stores, session):
    stores.messages.add(session.session_id, [closed("T1")])
    [first] = claimed(stores, session)
    stores.messages.told([first.message_id], "apprise", NOW_NS)
    stores.messages.add(session.session_id, [closed("T2"), closed("2026-01-01", MessageKind.DAY_SUMMARY)])
    assert [each.message.key for each in claimed(stores, session, NOW_NS + 1)] == ["2026-01-01"]
    assert [each.message.key for each in claimed(stores, session, NOW_NS + PAUSE_NS)] == ["T2"]


def test_a_clock_that_was_set_back_holds_nothing_up(stores, session):
    stores.messages.add(session.session_id, [closed()])
    claimed(stores, session, NOW_NS + 40 * NS_PER_DAY)
    assert len(claimed(stores, session)) == 1


def test_another_sessions_messages_are_not_claimed(stores, session):
    other = world.session()
    stores.sessions.create(other)
    stores.messages.add(other.session_id, [closed()])
    assert claimed(stores, session) == ()
    assert len(claimed(stores, other)) == 1


def test_the_newest_of_a_subject_is_known_by_its_key(stores, session):
    store, own = stores.messages, session.session_id
    store.add(
        own, [closed("BTC 1", MessageKind.PREMIUM_ABOVE, 7), closed("BTC 2", MessageKind.PREMIUM_ABOVE, 9)]
    )
    store.add(
        own, [closed("BTC2 3", MessageKind.PREMIUM_ABOVE, 11), closed("BTC 3", MessageKind.INVENTORY_LOW, 13)]
    )
    assert store.newest_ns(own, MessageKind.PREMIUM_ABOVE, "BTC") == 9
    assert store.newest_ns(own, MessageKind.PREMIUM_ABOVE, "B%") == 0


def test_marks_are_kept_by_session_and_kind_until_they_are_forgotten(stores, session):
    store, own = stores.messages, session.session_id
    assert store.mark(own, MessageKind.TRADE_CLOSED) is None
    store.set_mark(own, MessageKind.TRADE_CLOSED, 5)
    store.set_mark(own, MessageKind.TRADE_CLOSED, 7)
    store.set_mark(own, MessageKind.DAY_SUMMARY, 3)
    assert (store.mark(own, MessageKind.TRADE_CLOSED), store.mark(own, MessageKind.DAY_SUMMARY)) == (7, 3)
    store.unmark(own, [MessageKind.TRADE_CLOSED, MessageKind.RULES_CHANGED])
    assert (store.mark(own, MessageKind.TRADE_CLOSED), store.mark(own, MessageKind.DAY_SUMMARY)) == (None, 3)


@pytest.mark.parametrize("stores", ["memory"], indirect=True)
def test_a_store_that_is_away_says_so(stores, session):
    stores.messages.tables.away = True
    with pytest.raises(StoreUnavailable):
        claimed(stores, session)
