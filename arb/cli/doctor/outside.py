"""Checks of what is outside this process: the stack, the servers, the venues, the alert channels."""

from collections.abc import Iterator
from typing import Final

from arb.adapters.local.clock import SystemClock, SystemEntropy
from arb.app import redis_server
from arb.app.accounts import told_account
from arb.app.alerts import channels_of
from arb.app.chosen import choice_lines
from arb.app.emergency import stop_of
from arb.app.listing import MarketsFound, ask, in_words, look, some
from arb.app.round_trip import MEND_LOSS, economics_of, lines, loss
from arb.app.venues import api_key, real_clients
from arb.cli.doctor.finding import Finding, bad, ok, warn
from arb.cli.moments import shown
from arb.domain.errors import ConfigError, StoreUnavailable, VenueError
from arb.domain.health.durability import MEND, WORDS
from arb.domain.market.ids import Coin, Venue
from arb.ports.trading import VenueClient
from arb.stack.errors import StackNotRunning
from arb.stack.files import read_json
from arb.stack.home import Home
from arb.stack.postgres_server import ping_database
from arb.stack.redis_server import ping_redis
from arb.stack.status import stack_status
from config.settings import RunMode, Settings, checked, shipped

REACHED_BY: Final = Coin("BTC")  # what every venue lists


def stack(home: Home) -> Iterator[Finding]:
    """Look at the stack of this home, and at how the last one ended."""
    ending = read_json(home.ending_file)
    if stop := stop_of(home):
        out = "; ".join(stop["waits_for"]) or "nothing that is known"
        yield bad(
            "stop",
            f"an emergency stop waits ({stop['reason']}) for {out}",
            "`arb up` goes on with it where no stack runs; the stack ends by itself once nothing is out",
        )
    try:
        status = stack_status(home)
    except StackNotRunning:
        if ending:
            at = shown(ending["at_ns"], None)
            yield bad(
                "stack",
                f"the last one stopped itself at {at}: {ending['reason']}",
                "mend that, then `arb up` and `arb mode normal`",
            )
        else:
            yield ok("stack", f"none runs in {home.path}")
        return
    silent = [each.name for each in status.processes if not each.is_running]
    if silent:
        yield bad("stack", f"not running: {', '.join(silent)}", f"read their logs in {home.logs}")
    else:
        yield ok("stack", f"{len(status.processes)} processes run")


def round_trip(settings: Settings) -> Finding:
    """Tell what a round trip earns by these settings."""
    found = economics_of(settings)
    if why := loss(settings, found):
        accuse = warn if settings.mode is RunMode.MOCK else bad
        return accuse("round trip", why, MEND_LOSS)
    return ok("round trip", "; ".join(lines(settings, found)))


def servers(settings: Settings) -> Iterator[Finding]:
    """Ask Redis and PostgreSQL, where they are known."""
    for name, url, ping in (
        ("redis", settings.redis_url, ping_redis),
        ("postgres", settings.database_url, ping_database),
    ):
        if url is None:
            yield ok(name, "embedded; started by `arb up`")
            continue
        reason = ping(url.get_secret_value())
        key = "ARB_REDIS_URL" if name == "redis" else "ARB_DATABASE_URL"
        if reason is None:
            yield ok(name, "answers")
            if name == "redis":
                yield from _durability(url.get_secret_value(), settings)
        else:
            yield bad(name, f"does not answer: {reason}", f"start it, or correct {key}")


def _durability(url: str, settings: Settings) -> Iterator[Finding]:
    """See that the Redis loses no work: live mode does not start on one that may."""
    try:
        looked = redis_server.look(url)
    except StoreUnavailable as error:
        yield warn("redis settings", f"could not be looked at: {error}", "look at them by hand")
        return
    for kind in looked.found:
        judged = bad if settings.mode is RunMode.LIVE else warn
        yield judged("redis settings", WORDS[kind], MEND[kind])
    if text := redis_server.unseen(looked):
        yield warn("redis settings", text, "ask the provider of the server")
    elif not looked.found:
        yield ok("redis settings", "it evicts nothing and writes down what it takes")


def venues(settings: Settings) -> Iterator[Finding]:
    """Ask the venues for their time and, with credentials, for our balances."""
    if settings.mode is RunMode.MOCK and settings.redis_url is None:
        yield ok("venues", "simulated; there to be asked when a stack runs")
        yield from _coins(settings, look(settings))
        yield from _in_reach()
        return
    clients = real_clients(settings, SystemClock(), SystemEntropy())
    for venue, client in clients.items():
        yield from _clock(venue, client, settings)
        yield from _credentials(venue, client, settings)
    looked = ask(clients, [Coin(coin) for coin in settings.coins or (REACHED_BY,)])
    for venue in looked.asked:
        yield ok(f"{venue} markets", "told")
    for venue, error in looked.unasked.items():
        mend = f"check the network, the venue's status page and {venue}.rest_url"
        yield bad(f"{venue} markets", f"cannot be asked: {in_words(error.detail)}", mend)
    yield from _coins(settings, looked)


def _in_reach() -> Iterator[Finding]:
    """Ask the real venues what anybody may ask: mock mode needs neither, the step after it does."""
    settings = checked(RunMode.PAPER, [shipped(RunMode.PAPER)])
    looked = ask(real_clients(settings, SystemClock(), SystemEntropy()), [REACHED_BY])
    for venue in looked.asked:
        yield ok(f"{venue} in reach", "answers; asked for its markets, as paper and live will")
    for venue, error in looked.unasked.items():
        what = f"cannot be asked: {in_words(error.detail)}"
        yield warn(f"{venue} in reach", what, "nothing for mock mode; paper and live need the network")


def _coins(settings: Settings, looked: MarketsFound) -> Iterator[Finding]:
    """See which coins a pair can be had of."""
    if looked.unasked:
        return
    if not settings.coins:
        for line in choice_lines(settings):
            yield ok("coins", line.removeprefix("coins: "))
        return
    left = [coin for coin in settings.coins if coin not in looked.missing]
    if not looked.missing:
        yield ok("coins", f"both venues list {some(left)}")
        return
    what = some([f"{coin}: {why}" for coin, why in looked.missing.items()], "; ")
    mend = "take them out of `coins`: they are left out, and alarmed"
    yield warn("coins", what, mend) if left else bad("coins", f"nothing is left to trade: {what}", mend)


def _clock(venue: Venue, client: VenueClient, settings: Settings) -> Iterator[Finding]:
    check = f"{venue} clock"
    try:
        offset_ms = client.time_offset_ms()
    except VenueError as error:
        yield bad(
            check, f"cannot be asked: {in_words(error.detail)}", f"check the network and {venue}.rest_url"
        )
        return
    if offset_ms is None:
        yield ok(check, "does not matter to this venue")
    elif abs(offset_ms) > settings.watchdog.clock_offset_warn_threshold_ms:
        yield bad(check, f"ours is {-offset_ms} ms ahead", "synchronise it: `timedatectl set-ntp true`")
    else:
        yield ok(check, f"within {abs(offset_ms)} ms of ours")


def _credentials(venue: Venue, client: VenueClient, settings: Settings) -> Iterator[Finding]:
    check = f"{venue} credentials"
    if api_key(getattr(settings, venue.value).credentials) is None:
        if settings.mode is RunMode.LIVE:
            variable = f"ARB_{venue.value.upper()}__CREDENTIALS__KEY"
            yield bad(check, "missing", f"set {variable} and the same with __SECRET")
        else:
            yield ok(check, "none; not needed in this mode")
        return
    try:
        assets = len(client.balances())
        account = told_account(client) or settings.label_of(venue)
    except VenueError as error:
        yield bad(check, f"not accepted: {error}", "check the key, its permissions and its list of addresses")
        return
    yield ok(check, f"accepted; {assets} assets held")
    if account:
        yield ok(f"{venue} account", account)


def alerts(settings: Settings) -> Iterator[Finding]:
    """Check that an alert would reach somebody."""
    try:
        channels = channels_of(settings)
    except ConfigError as error:
        yield bad("alerts", str(error), "correct the address, see apprise's list of services")
        return
    if channels:
        names = ", ".join(channel.name for channel in channels)
        yield ok("alerts", f"go to {names} and the file; try them with `arb alerts test`")
    else:
        yield warn("alerts", "only the file gets them", "set alerts.urls or alerts.webhook_url")
