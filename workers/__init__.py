"""Long-lived processes, and Celery tasks: each task calls one use case."""
