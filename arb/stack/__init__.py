"""The embedded stack: Redis and PostgreSQL from wheels, and the supervision of every process."""
