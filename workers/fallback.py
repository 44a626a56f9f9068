"""The worker of the fallback broker: `celery -A workers.fallback worker`.

A process of its own, since a worker whose primary broker is away runs nothing at all. It shares the
tasks of `arb.celery`; what they enqueue goes through the same dispatcher as everywhere.
"""

from arb.celery import app as primary

app = primary.fallback
