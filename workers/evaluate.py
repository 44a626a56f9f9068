"""`arb.evaluate`: decide on every coin that changed."""

from typing import Any

from arb.adapters.redis.book_codec import decode_book
from arb.app.engines import engine
from arb.celery import app


@app.task(name="arb.evaluate")
def evaluate(books: list[dict[str, Any]] | None = None) -> int:
    """Evaluate; never retried, since the next quote brings the next evaluation."""
    return engine().evaluate.run([decode_book(book) for book in books or ()])
