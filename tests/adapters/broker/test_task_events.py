"""Work without a message is among the tasks of Celery's events; a broker that is away costs nothing."""

import threading
from contextlib import suppress

import pytest

from arb.adapters.broker.task_events import TaskEvents
from arb.adapters.local.clock import SystemClock
from arb.ports.messaging import Done
from tests.adapters.broker.apps import publisher

PLACE = "arb.place_order"
ENDS = ("task-succeeded", "task-failed")


def done(number: int, error: str = "") -> Done:
    return Done(
        task=PLACE,
        argument=f"order-{number}",
        began_ns=SystemClock().now_ns(),
        took_ns=25_000_000,
        error=error,
    )


@pytest.fixture
def app(redis_url):
    app, _ = publisher(redis_url, fallback=None)
    app.node = "evaluate@here"
    yield app
    app.close()


def heard(app, seen: list[dict]) -> None:
    """Listen as Flower does, until nothing comes for a while."""
    with app.connection_for_read() as connection, suppress(TimeoutError):
        receiver = app.events.Receiver(connection, handlers={"*": seen.append})
        receiver.capture(limit=None, timeout=3, wakeup=False)


@pytest.mark.integration
def test_each_piece_of_work_is_told_of_as_a_task_of_its_worker(app):
    seen: list[dict] = []
    events = TaskEvents(app)
    listener = threading.Thread(target=heard, args=(app, seen), daemon=True)
    listener.start()
    pause = threading.Event()
    while not seen:
        events.tell(done(0))  # until somebody listens
        pause.wait(0.2)
    for number in (1, 2):
        events.tell(done(number))
    events.tell(done(3, error="StoreUnavailable('away')"))
    listener.join(20)
    names = {event["uuid"]: event["args"] for event in seen if event["type"] == "task-received"}
    ends = {names[event["uuid"]]: event for event in seen if event["type"] in ENDS}
    assert {event["name"] for event in seen if "name" in event} == {PLACE}
    assert {event["hostname"] for event in seen} == {"evaluate@here"}
    assert [ends[f"('order-{number}',)"]["type"] for number in (1, 2, 3)] == [*ENDS[:1] * 2, ENDS[1]]
    assert ends["('order-1',)"]["runtime"] == pytest.approx(0.025)


def test_a_broker_that_is_away_loses_events_and_nothing_else():
    app, _ = publisher("redis://127.0.0.1:1/0", fallback=None)
    events = TaskEvents(app)
    events.tell(done(1))
    events.flush()
    events.tell(done(2))
    events.flush()
    assert not events._waiting
