"""Which Redis loses work, by its own INFO; what it does not say is no trouble, and said."""

from typing import Any

import pytest

from arb.domain.health.durability import CLUSTER, EVICTS, FORGETS, MEND, REPLICA, TOO_SMALL, WORDS, judge

SAFE: dict[str, Any] = {
    "maxmemory_policy": "noeviction", "aof_enabled": 1, "maxmemory": 0, "role": "master",
    "cluster_enabled": 0,
}  # fmt: skip
MB = 1024 * 1024
TROUBLES = [
    *((EVICTS, {"maxmemory_policy": f"allkeys-{way}"}) for way in ("lru", "lfu", "random")),
    *((EVICTS, {"maxmemory_policy": f"volatile-{way}"}) for way in ("lru", "lfu", "random")),
    (EVICTS, {"maxmemory_policy": "volatile-ttl"}),
    (FORGETS, {"aof_enabled": 0}),
    (TOO_SMALL, {"maxmemory": 64 * MB - 1}),
    (TOO_SMALL, {"maxmemory": 1}),
    (REPLICA, {"role": "slave"}),
    (CLUSTER, {"cluster_enabled": 1}),
]


@pytest.mark.parametrize(("kind", "change"), TROUBLES)
def test_a_server_that_loses_work_is_told_by_its_trouble(kind: str, change: dict[str, Any]):
    looked = judge({**SAFE, **change})
    assert (looked.found, looked.unseen) == ((kind,), ())


@pytest.mark.parametrize("maxmemory", [0, 64 * MB, 1024 * MB])
def test_a_server_that_keeps_what_it_took_has_none(maxmemory: int):
    assert judge({**SAFE, "maxmemory": maxmemory}).found == ()


@pytest.mark.parametrize("field", SAFE)
def test_what_a_server_does_not_say_is_unseen_and_no_trouble(field: str):
    looked = judge({name: value for name, value in SAFE.items() if name != field})
    assert looked.found == ()
    assert len(looked.unseen) == 1


def test_every_trouble_has_words_and_a_way_to_mend_it():
    assert WORDS.keys() == MEND.keys() == set(judge({}).unseen)
