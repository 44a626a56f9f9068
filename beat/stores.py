"""`arb.check_stores`: whether PostgreSQL answers, and whether the hot state in Redis is SQL's."""

from arb.app.engines import engine
from arb.celery import app


@app.task(name="arb.check_stores")
def check_stores() -> dict[str, bool]:
    """Look once at both; the next look comes anyway, so nothing is retried."""
    built = engine()
    if not built.watch_database.run():
        return {"postgres": False}
    return {"postgres": True, "redis": built.hot_state.check_redis_health().reachable}
