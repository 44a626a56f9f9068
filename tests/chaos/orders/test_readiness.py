"""Who may be killed: what says in its log that it got through its start."""

import pytest

from arb.chaos.orders.readiness import Readiness, Spawned


@pytest.fixture
def log(tmp_path):
    def write(program, text):
        with (tmp_path / f"{program}.log").open("a") as file:
            file.write(text + "\n")

    return write


@pytest.mark.parametrize(
    "line", ["orders@vm ready.", "beat: Starting...", "[info ] process_started process=feed"]
)
def test_a_process_is_at_work_once_it_says_so(tmp_path, log, line):
    readiness = Readiness(tmp_path)
    log("some", "importing")
    assert readiness.at_work([Spawned("some", 7)]) == {}
    log("some", line)
    assert readiness.at_work([Spawned("some", 7)]) == {"some": 7}


def test_what_its_predecessor_said_does_not_count(tmp_path, log):
    readiness = Readiness(tmp_path)
    log("some", "orders@vm ready.")
    assert readiness.at_work([Spawned("some", 7)]) == {"some": 7}
    assert readiness.at_work([Spawned("some", 8)]) == {}
    log("some", "orders@vm ready.")
    assert readiness.at_work([Spawned("some", 8)]) == {"some": 8}


def test_a_log_that_was_rotated_is_read_from_its_beginning(tmp_path, log):
    readiness = Readiness(tmp_path)
    log("some", "much " * 100)
    readiness.at_work([Spawned("some", 7)])
    readiness.at_work([Spawned("some", 8)])
    (tmp_path / "some.log").write_text("orders@vm ready.\n")
    assert readiness.at_work([Spawned("some", 8)]) == {"some": 8}


def test_a_process_without_a_log_is_not_at_work(tmp_path):
    assert Readiness(tmp_path).at_work([Spawned("some", 7)]) == {}
