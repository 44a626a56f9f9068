"""`arb reload`: the stack that runs takes up what the files say by now."""

import os
from dataclasses import asdict

from arb.cli import running
from arb.cli.output import AsJson, say, tell
from arb.domain.errors import VenueError


def reload(as_json: AsJson = False) -> None:
    """Check the files, show what they change and what a round trip earns then, and put that in force.

    What cannot change while the stack runs is named, and left. No trade is opened by the old settings
    afterwards; those that are open are looked after by the new ones.

    Example: arb reload
    """
    from arb.app import round_trip
    from arb.app.generations import keep
    from arb.app.reload import plan_reload, put_in_force, refuse_other_sources
    from arb.app.unread import unread
    from config.settings import load

    engine = running.engine()
    refuse_other_sources(os.environ)
    found = plan_reload(engine.settings, engine.session_id, load(), engine.clock.now_ns())
    for change in found.left:
        say(f"cannot change while the stack runs, so it holds from the next `arb up` on: {change}")
    settings, number = found.settings, found.generation.number
    for change in found.taken:
        say(f"{change}")
    for line in unread(settings, [change.key for change in found.taken]):
        say(line)
    if found.taken:
        try:
            round_trip.refuse_told(settings, engine.instruments)
        except VenueError as error:
            say(f"reckoned with the fees that are assumed, since {error.detail}")
        round_trip.announce(settings, say)
        put_in_force(found, engine.sessions, lambda generation: keep(running.attach().home, generation))
        say(f"generation {number} of the settings is in force; open trades are looked after by it, too")
    else:
        say(f"generation {number} of the settings goes on: nothing differs that can change")
    told = {
        "generation": number,
        "changed": [asdict(change) for change in found.taken],
        "left": [asdict(change) for change in found.left],
        "round_trip": round_trip.document(settings),
    }
    tell(told, as_json, "")
