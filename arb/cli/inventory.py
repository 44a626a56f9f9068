"""`arb inventory`: what lies where, how far it reaches, and what could be done about what runs low."""

import os
from typing import Annotated

import typer

from arb.cli import reads, running
from arb.cli.output import AsJsonOfTable
from arb.cli.reads import OfSession, ReadRequest

Hours = Annotated[int, typer.Option("--hours", help="By what was traded within these.", min=1, max=8_760)]


def inventory(session: OfSession = None, hours: Hours = 24, as_json: AsJsonOfTable = False) -> None:
    """Show what each venue has, what it pays for in each direction, how long it lasts, and what can be done.

    Nothing is withdrawn, and no right to is needed. Prices and advice are of a stack that runs.

    Example: arb inventory --hours 6
    """
    from arb.app.inventory import inventory_of
    from arb.cli.views.inventory import inventory_document, inventory_view
    from arb.domain.time import NS_PER_HOUR
    from config.frozen import usable

    with reads.kept(ReadRequest(session=session)) as kept:
        engine = running.engine() if kept.runs else None
        settings = usable(os.environ).settings if engine is None else engine.settings
        found = inventory_of(kept, settings, engine, hours * NS_PER_HOUR)
        document = inventory_document(found)
        reads.present(kept, document, False, as_json, lambda: inventory_view(document, hours))
