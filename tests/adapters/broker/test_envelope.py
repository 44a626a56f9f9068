"""A message in an envelope that was there is the one that Celery would have made."""

from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from celery import Celery, signals
from kombu.utils.json import loads

from tests.adapters.broker.apps import publisher

pytestmark = pytest.mark.integration
SOON = timedelta(seconds=5)  # a busy machine between two publishes
LONG = "x" * 3_000


@pytest.fixture
def app(sandbox):
    made, _ = publisher(sandbox.server.url, {})
    made.watch.ask = lambda: None  # nothing goes to the fallback here
    yield made
    made.close()


def published(client, where, send, *args, **options):
    """Return the one message that a publish left in a queue."""
    send(*args, **options)
    (text,) = client.lrange(where, 0, -1)
    client.delete(where)
    return loads(text)


def without_times(message):
    """Return the message without what differs between two publishes, and its times."""
    headers, properties = message["headers"], message["properties"]
    assert properties.pop("delivery_tag")
    times = [headers.pop(name) for name in ("eta", "expires")]
    return message, [datetime.fromisoformat(each) if each else None for each in times]


def assert_same(client, app, where, *args, **options):
    ours = published(client, where, app.send_task, *args, task_id="mine", **options)
    theirs = published(client, where, Celery.send_task, app, *args, task_id="mine", **options)
    (ours, our_times), (theirs, their_times) = without_times(ours), without_times(theirs)
    assert ours == theirs
    for our, their in zip(our_times, their_times, strict=True):
        assert our == their if their is None else abs(our - their) < SOON


@contextmanager
def enveloped(app, monkeypatch):
    """Fail if Celery is asked to make a message; its first one of a task is made by then."""
    with monkeypatch.context() as patched:
        patched.setattr(Celery, "send_task", lambda *_, **__: pytest.fail("Celery made the message"))
        yield


@contextmanager
def heard():
    """Listen to publishes, as tracing does."""
    names = []

    def hear(sender, **_):
        names.append(sender)

    signals.before_task_publish.connect(hear)
    try:
        yield names
    finally:
        signals.before_task_publish.disconnect(hear)


@pytest.mark.parametrize(
    ("args", "options"),
    [
        ((), {}),
        (([],), {"expires": 0.5}),
        (("o-1", 2), {"countdown": 0.25}),
        ((None, "it's", 'a "quote"', "\u20a9"), {"countdown": 1, "expires": 2}),
        (([{"bids": [["1", "2"]] * 20, "deep": [[[["x"]]]]}] * 30, LONG), {"expires": 0.5}),
        (([],), {"expires": 0}),
    ],
    ids=["none", "evaluate", "later", "text", "long", "over at once"],
)
def test_a_message_is_as_celery_makes_it(app, client, monkeypatch, args, options):
    assert_same(client, app, "orders", "t.order", args, **options)
    with enveloped(app, monkeypatch):
        app.send_task("t.order", args, **options)
    assert client.llen("orders") == 1


def test_a_notice_is_what_would_have_been_sent(app, client):
    notice = app.notice("t.evaluate", ([],), expires=0.5)
    client.lpush(notice.queue, notice.text)
    (ours,) = (loads(text) for text in client.lrange("evaluate", 0, -1))
    client.delete("evaluate")
    number = ours["headers"]["id"]
    theirs = published(
        client, "evaluate", Celery.send_task, app, "t.evaluate", ([],), task_id=number, expires=0.5
    )
    assert without_times(ours)[0] == without_times(theirs)[0]


def test_no_notice_is_made_for_a_broker_that_is_not_to_be_asked(app):
    app.gate.failed(ConnectionRefusedError())
    assert app.notice("t.evaluate", ([],), expires=0.5) is None


def test_no_notice_is_made_where_somebody_listens_to_publishes(app):
    with heard():
        assert app.notice("t.evaluate", ([],), expires=0.5) is None
    assert app.notice("t.evaluate", ([],), expires=0.5) is not None


def test_a_notice_has_the_prefix_of_its_broker(app):
    app.conf.broker_transport_options = {**app.conf.broker_transport_options, "global_keyprefix": "here:"}
    assert app.notice("t.evaluate", ([],)).queue == "here:evaluate"


def test_what_a_task_asks_for_itself_is_kept(app, client):
    app.task(name="t.evaluate", priority=4, ignore_result=True, time_limit=9)(lambda: None)
    assert_same(client, app, "evaluate", "t.evaluate", ([],), expires=1)


@pytest.mark.parametrize("own", [{"expires": 60}, {"serializer": "yaml"}], ids=["times", "serializer"])
def test_a_task_with_times_or_a_form_of_its_own_is_celerys(app, client, own):
    app.task(name="t.order", **own)(lambda: None)
    assert_same(client, app, "orders", "t.order", ("o-1",))


@pytest.mark.parametrize(
    "options",
    [
        {"queue": "housekeeping"},
        {"priority": 3, "queue": "housekeeping"},
        {"kwargs": {"a": 1}, "queue": "housekeeping"},
    ],
    ids=["queue", "priority", "kwargs"],
)
def test_who_asks_for_more_gets_it(app, client, options):
    assert_same(client, app, "housekeeping", "t.order", ("o-1",), **options)


def test_a_task_that_publishes_is_named_as_parent(app, client):
    @app.task(name="t.parent", bind=True)
    def parent(self):
        return None

    parent.push_request(id="parent", root_id="root", called_directly=False, is_eager=False)
    from celery._state import _task_stack

    _task_stack.push(parent)
    try:
        assert_same(client, app, "orders", "t.order", ("o-1",))
        found = published(client, "orders", app.send_task, "t.order", ("o-1",))
    finally:
        _task_stack.pop()
        parent.pop_request()
    assert (found["headers"]["root_id"], found["headers"]["parent_id"]) == ("root", "parent")


def test_two_messages_share_nothing_that_is_their_own(app, client):
    for number in range(2):
        app.send_task("t.order", (number,))
    second, first = (loads(text) for text in client.lrange("orders", 0, -1))
    own = [
        (each["headers"]["id"], each["properties"]["delivery_tag"], each["body"]) for each in (first, second)
    ]
    assert all(one != other for one, other in zip(*own, strict=True))
    assert {each["headers"]["id"] == each["properties"]["correlation_id"] for each in (first, second)} == {
        True
    }


def test_who_listens_to_publishes_hears_of_each(app, client):
    app.send_task("t.order", (0,))
    with heard() as names:
        app.send_task("t.order", (1,))
    assert (names, client.llen("orders")) == (["t.order"], 2)
