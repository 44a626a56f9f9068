"""Bring a database to the newest schema."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config

from arb.adapters.postgres.failures import translated
from arb.domain.errors import ConfigError

MIGRATIONS: Final = Path(__file__).parents[3] / "migrations"


def migrate(database_url: str) -> None:
    """Run all pending migrations; safe when several processes do it at once, cheap when none is pending.

    Raises: ConfigError, StoreUnavailable.
    """
    if not database_url:
        raise ConfigError("ARB_DATABASE_URL: missing; set it to the database that should be migrated")
    config = Config()
    # ConfigParser reads a percent sign as the start of a reference.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["database_url"] = database_url
    with translated():
        command.upgrade(config, "head")
