"""A retry is published, or its message goes back."""

import pytest
from celery import Celery
from celery.exceptions import Reject, Retry

from arb.domain.errors import DispatchError


class Publisher(Celery):
    """Publishes nothing: remembers, or refuses."""

    task_cls = "arb.adapters.broker.poison:Task"

    def __init__(self):
        super().__init__("publisher", broker="memory://", set_as_current=False)
        self.sent, self.refuses = [], False

    def send_task(self, name, *args, **options):
        if self.refuses:
            raise DispatchError("neither broker took it")
        self.sent.append(name)


@pytest.fixture
def app():
    return Publisher()


@pytest.fixture
def task(app):
    @app.task(name="t.work", bind=True, max_retries=5)
    def work(self):
        raise self.retry(countdown=1)

    work.push_request(called_directly=False, id="mine", retries=0, args=(), kwargs={})
    yield work
    work.pop_request()


def test_a_retry_is_published(app, task):
    with pytest.raises(Retry):
        task.run()
    assert app.sent == ["t.work"]


def test_a_retry_that_no_broker_takes_puts_its_message_back(app, task):
    app.refuses = True
    with pytest.raises(Reject) as refused:
        task.run()
    assert refused.value.requeue is True
