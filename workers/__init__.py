"""Long-lived processes, and Celery tasks: each task is a door of a few lines."""
