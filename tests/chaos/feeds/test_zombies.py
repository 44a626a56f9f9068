"""The judgement on zombie quotes finds each kind of them, and nothing else."""

import pytest

from arb.adapters.local.journal import log_decision
from arb.chaos.feeds.zombies import FRESH_NS, MOVING_NS, zombies
from arb.domain.health.assignment import Reassignment
from arb.domain.market.ids import USDT, Coin
from arb.engine.trading.journal import decision
from tests.domain.markets import market

BTC = Coin("BTC")
BEGUN_NS, ENDED_NS = 10**18, 10**18 + 60 * 10**9
LATE_NS = FRESH_NS + 1


def moved(coin, fence, before, at_ns):
    return Reassignment(
        coin=coin, before="a", after="b", fence=fence, fence_before=before, reason="test", at_ns=at_ns
    )


MOVES = [
    moved(BTC, 6, 5, ENDED_NS),
    moved(BTC, 5, 0, BEGUN_NS),
    moved(USDT, 6, 5, ENDED_NS),
    moved(USDT, 5, 0, BEGUN_NS),
]


def decided(at_ns, *, upbit=5, binance=5, rate=5, received_ns=None):
    fences = {"upbit_fence": upbit, "binance_fence": binance, "rate_fence": rate}
    times = dict.fromkeys(
        ("upbit_recv_ns", "binance_recv_ns", "rate_recv_ns"), at_ns if received_ns is None else received_ns
    )
    return {"trade": "t", "coin": "BTC", "at_ns": at_ns, **fences, **times}


@pytest.mark.parametrize(
    "made",
    [
        decided(BEGUN_NS + 1),
        decided(ENDED_NS),
        decided(ENDED_NS + FRESH_NS, received_ns=ENDED_NS),
        decided(ENDED_NS + LATE_NS, upbit=6, binance=6, rate=6),
        decided(ENDED_NS + LATE_NS, upbit=6, binance=6, rate=0),
    ],
)
def test_quotes_of_the_owner_of_their_time_are_no_zombies(made):
    assert zombies([made], MOVES) == []


@pytest.mark.parametrize(
    "made",
    [
        decided(ENDED_NS + LATE_NS, received_ns=ENDED_NS),
        decided(ENDED_NS + MOVING_NS + 1),
        decided(ENDED_NS + LATE_NS, binance=6, rate=6),
        decided(ENDED_NS + LATE_NS, upbit=6, binance=6),
        decided(BEGUN_NS, upbit=4, binance=5),
        decided(BEGUN_NS, upbit=0),
    ],
)
def test_a_quote_of_a_former_owner_or_of_nobody_is_a_zombie(made):
    assert len(zombies([made], MOVES)) >= 1


def test_the_journal_has_what_the_judgement_reads(monkeypatch):
    lines = []

    class Log:
        def info(self, event, **facts):
            lines.append(facts)

    monkeypatch.setattr("structlog.get_logger", lambda _name: Log())
    log_decision(decision("open", "t", market(), 7))
    assert zombies(lines, [moved(BTC, 0, 0, 0), moved(USDT, 0, 0, 0)]) == []
    assert lines[0]["upbit_recv_ns"] > 0
