"""The stores in PostgreSQL: SQLAlchemy Core over psycopg2."""
