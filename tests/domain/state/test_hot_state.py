"""What tells an old copy of a state from a new one."""

from dataclasses import replace

import pytest

from arb.domain.state.hot_state import HotState


def state(position: int = 7, mode_at_ns: int = 3, **versions: int) -> HotState:
    views = [{"trade": {"trade_id": name, "version": version}} for name, version in versions.items()]
    return HotState(
        session_id="s",
        ledger_position=position,
        parts={"session": {"mode_changed_at_ns": mode_at_ns}, "positions": {"trades": views}},
    )


def test_copies_of_the_same_state_have_one_stamp():
    assert state(a=1, b=2).stamp == state(b=2, a=1).stamp


@pytest.mark.parametrize(
    "other",
    [
        state(position=8, a=1, b=2),
        state(mode_at_ns=4, a=1, b=2),
        state(a=1, b=3),
        state(a=1),
        state(a=1, b=2, c=0),
    ],
    ids=["ledger", "mode", "version", "a trade that ended", "a trade that began"],
)
def test_whatever_changed_since_changes_the_stamp(other):
    assert other.stamp != state(a=1, b=2).stamp


def test_the_session_itself_is_no_part_of_the_stamp():
    assert replace(state(a=1), session_id="another").stamp == state(a=1).stamp
