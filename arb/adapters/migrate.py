"""Bring a database to the newest schema."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config

MIGRATIONS: Final = Path(__file__).parents[2] / "migrations"


def migrate(database_url: str) -> None:
    """Run all pending migrations; safe when several processes do it at once, cheap when none is pending.

    Raises: StoreUnavailable.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["database_url"] = database_url
    command.upgrade(config, "head")
