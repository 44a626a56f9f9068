"""`arb alerts` and `arb dead` from outside: where no stack runs, and on real servers."""

import json

import pytest
import redis

from arb.adapters.postgres.dead_letters import SqlDeadLetters
from arb.adapters.postgres.engine import make_engine
from arb.domain.health.dead_letter import DeadLetter, DeadLetterReason
from tests.cli.command import arb
from tests.contracts import world
from tests.contracts.backends import sql_stores


def test_a_channel_that_does_not_answer_fails_the_test_without_naming_its_address(tmp_path):
    url = "http://127.0.0.1:1/hook/marker-token"
    said = arb(tmp_path, "alerts", "test", "--json", ARB_ALERTS__WEBHOOK_URL=url)
    [channel] = json.loads(said.stdout)["channels"]
    assert (said.returncode, channel["name"], channel["ok"]) == (1, "webhook", False)
    assert "marker" not in said.stdout + said.stderr


def test_alerts_of_no_stack_are_one_line(tmp_path):
    said = arb(tmp_path, "alerts", "list")
    assert said.returncode == 3
    assert said.stderr.startswith("arb: no stack is running")
    assert arb(tmp_path, "alerts", "ack").returncode == 2


def test_dead_letters_of_no_stack_are_one_line(tmp_path):
    said = arb(tmp_path, "dead", "list")
    assert said.returncode == 3
    assert said.stderr.startswith("arb: no stack is running")
    assert arb(tmp_path, "dead", "replay").returncode == 2


@pytest.mark.integration
def test_a_dead_letter_is_listed_sent_again_once_and_dropped(tmp_path, database_url, redis_url):
    engine = make_engine(database_url)
    sql_stores(engine).sessions.create(world.session())
    letter = DeadLetter(
        reason=DeadLetterReason.FAILED, queue="housekeeping", error="Bug: x", at_ns=1, task="arb.snapshot",
        task_id="the-id", args=["manual"],
    )  # fmt: skip
    SqlDeadLetters(engine, "mock").add(letter)
    SqlDeadLetters(engine, "mock:other").add(letter)
    engine.dispose()
    urls = {"ARB_DATABASE_URL": database_url, "ARB_REDIS_URL": redis_url}

    [row] = json.loads(arb(tmp_path, "dead", "list", "--json", **urls).stdout)["dead_letters"]
    assert (row["task"], row["args"], row["error"], row["failures"]) == (
        "arb.snapshot",
        ["manual"],
        "Bug: x",
        1,
    )
    assert "arb.snapshot" in arb(tmp_path, "dead", "list", **urls).stdout

    again = [arb(tmp_path, "dead", "replay", str(row["dead_letter_id"]), **urls) for _ in range(2)]
    assert [each.returncode for each in again] == [0, 1]
    assert "sent again already" in again[1].stdout
    with redis.Redis.from_url(redis_url) as client:
        [sent] = client.lrange("mock:housekeeping", 0, -1)
    assert json.loads(sent)["headers"]["id"] == "the-id"

    assert arb(tmp_path, "dead", "drop", "--all", **urls).stdout == "no dead letters wait\n"
    dropped = [arb(tmp_path, "dead", "drop", str(row["dead_letter_id"]), **urls) for _ in range(2)]
    assert [each.returncode for each in dropped] == [0, 2]


@pytest.mark.integration
@pytest.mark.parametrize(
    "command", ["dead replay 7", "dead drop 7", "alerts ack 7", "trades close 7", "trades adopt 7"]
)
def test_an_id_that_nothing_has_is_wrong_use_of_whichever_command(tmp_path, database_url, redis_url, command):
    engine = make_engine(database_url)
    sql_stores(engine).sessions.create(world.session())
    engine.dispose()
    urls = {"ARB_DATABASE_URL": database_url, "ARB_REDIS_URL": redis_url}
    said = arb(tmp_path, *command.split(), **urls)
    assert said.returncode == 2
    assert "there is no" in said.stdout + said.stderr
    assert len((said.stdout + said.stderr).strip().splitlines()) == 1


@pytest.mark.integration
def test_a_group_sends_no_other_groups_dead_letter_again(tmp_path, database_url, redis_url):
    engine = make_engine(database_url)
    sql_stores(engine).sessions.create(world.session(group="btc"))
    SqlDeadLetters(engine, "mock:eth").add(
        DeadLetter(
            reason=DeadLetterReason.FAILED,
            queue="orders",
            error="x",
            at_ns=1,
            task="arb.resolve_order",
            args=["id"],
        )
    )
    engine.dispose()
    urls = {"ARB_DATABASE_URL": database_url, "ARB_REDIS_URL": redis_url, "ARB_GROUP": "btc"}
    assert arb(tmp_path, "dead", "list", **urls).stdout == "no dead letters wait\n"
    assert arb(tmp_path, "dead", "replay", "--all", **urls).stdout == "no dead letters wait\n"
    with redis.Redis.from_url(redis_url) as client:
        assert client.keys("*orders") == []
