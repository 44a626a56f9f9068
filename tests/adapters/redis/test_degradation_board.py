"""What one process decides all others see, through Redis, or through the home while it is away."""

import pytest

from arb.adapters.local.clock import ManualClock
from arb.adapters.local.shared_file import SharedFile
from arb.adapters.redis.client import connect
from arb.adapters.redis.degradation_board import SharedBoard
from arb.domain.health.degradation import Degradation, Degree

pytestmark = pytest.mark.integration
NEAR = Degradation(degree=Degree.NEAR, why="load_pct of machine is 900", since_ns=5, calm_since_ns=7)
NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def clock():
    return ManualClock(1_000_000_000_000)


@pytest.fixture
def board(redis_url, tmp_path, clock):
    def make(url=redis_url, home="home"):
        return SharedBoard(
            connect(url), "mock", SharedFile(tmp_path / home / "degradation.json", clock), clock
        )

    return make


def test_a_process_of_another_machine_sees_it_in_redis(board):
    board(home="one").write(NEAR)
    assert board(home="two").read() == NEAR


def test_without_redis_the_home_has_it(board):
    board().write(NEAR)
    assert board(NOWHERE).read() == NEAR
    board(NOWHERE, "other").write(NEAR)
    assert board(NOWHERE, "other").read() == NEAR


def test_what_nobody_says_any_more_is_over(board, clock):
    board().write(NEAR)
    clock.advance_ms(60_000)
    assert board(NOWHERE).read() == Degradation()
    assert board(NOWHERE, "empty").read() == Degradation()


def test_a_process_asks_once_a_second(board, clock):
    reader = board()
    assert reader.degree() is Degree.FULL
    board().write(NEAR)
    assert reader.degree() is Degree.FULL
    clock.advance_ms(1_000)
    assert reader.degree() is Degree.NEAR


def test_what_cannot_be_read_is_not_believed(board, redis_url):
    with connect(redis_url) as client:
        client.set("arbitrage:degradation:mock", b"{nonsense")
        board().write(NEAR)
        client.set("arbitrage:degradation:mock", b"{nonsense")
    assert board().read() == NEAR
