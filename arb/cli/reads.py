"""What the commands that only read have in common: which database, which session, which span of time.

The stack that runs is asked; else the server that is configured; else the embedded database of the stack that
was stopped here is run for as long as the read takes. What was read is always said.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from arb.cli import running
from arb.cli.moments import first_ns, last_ns, shown_span, zone_of
from arb.cli.output import headed, say, show
from arb.domain.errors import ConfigError
from arb.domain.time import NS_MAX, Span
from arb.stack.errors import StackAlreadyRunning, StackNotRunning
from arb.stack.home import Home, Runtime, read_runtime, read_settings

if TYPE_CHECKING:
    from rich.console import RenderableType

    from arb.adapters.postgres.kept import SqlKept
    from arb.app.kept import Kept
    from arb.domain.ledger.report import Valuation

OfSession = Annotated[str | None, typer.Option("--session", help="Of this session, not the one in use.")]
From = Annotated[str | None, typer.Option("--from", help="From this day or time on, local unless --utc.")]
To = Annotated[str | None, typer.Option("--to", help="Until this day (its end) or time.")]
Utc = Annotated[bool, typer.Option("--utc", help="Times in UTC instead of the machine's zone.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRequest:
    """What a read is asked for."""

    session: str | None = None
    since: str | None = None
    until: str | None = None
    utc: bool = False

    def span(self) -> Span:
        """Return the span. Raises: ConfigError."""
        zone = zone_of(self.utc)
        span = Span(
            from_ns=first_ns("--from", self.since, zone) if self.since else 0,
            to_ns=last_ns("--to", self.until, zone) if self.until else NS_MAX,
        )
        if span.from_ns > span.to_ns:
            raise ConfigError(
                f"--from {self.since} is later than --to {self.until}"
                if self.until
                else f"--from: {self.since} is later than any time that is kept"
            )
        return span


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where rows are read, and whose sessions are meant: None for any."""

    url: str
    home: Home
    where: str  # in words
    stack: bool | None  # whether one runs on it; None where that cannot be told from here
    environment: str | None
    group: str | None
    mend: str  # what brings its schema up to date


@contextmanager
def kept(asked: ReadRequest) -> Iterator["Kept"]:
    """Yield the session that is asked for. Raises: StackError, ConfigError, StoreUnavailable."""
    from arb.adapters.local.clock import SystemClock
    from arb.app.kept import Kept, pick
    from arb.domain.risk.mode import Cause

    span = asked.span()
    with everything() as (source, rows):
        found = pick(rows.sessions(), asked.session, source.environment, source.group)
        session = found.session
        runs = found.is_in_use and session.reason.cause is not Cause.STOPPING
        if source.stack is not None:
            theirs = (source.environment, source.group) == (session.environment, session.group_name)
            runs = source.stack and found.is_in_use and theirs
        yield Kept(
            database=rows.engine,
            found=found,
            span=span,
            home=source.home,
            where=source.where,
            runs=runs,
            now_ns=SystemClock().now_ns(),
        )


@contextmanager
def everything() -> Iterator[tuple[Source, "SqlKept"]]:
    """Yield all that a database keeps. Raises as `kept`."""
    from arb.adapters.postgres.engine import Pool, make_engine
    from arb.adapters.postgres.kept import SqlKept

    with ExitStack() as held:
        source = _source(held)
        database = make_engine(source.url, Pool(size=1), "arb read")
        held.callback(database.dispose)
        rows = SqlKept(database)
        rows.require_schema(source.mend)
        yield source, rows


def prices(kept: "Kept") -> "Valuation":
    """Return what things are worth now; nothing is known of it where no stack runs."""
    from arb.domain.ledger.report import Valuation

    if not kept.runs:
        return Valuation()
    from arb.app.judge import prices_of

    return prices_of(running.engine(), (view.trade.coin for view in kept.trades.active(kept.session_id)))


def heading(kept: "Kept", utc: bool) -> str:
    """Return the line above what was read: session, mode, span, and where it is kept."""
    session = kept.session
    group = f", group {session.group_name}" if session.group_name else ""
    span = shown_span(kept.since_ns, kept.until_ns, zone_of(utc))
    what = f"{session.environment}{group}, {session.mode}"
    return f"session {session.session_id} ({what}), {span}, {kept.where}"


def present(
    kept: "Kept", found: Mapping[str, Any], utc: bool, as_json: bool, view: "Callable[[], RenderableType]"
) -> None:
    """Print what was found, and above it or beside it what was read."""
    show({"read": kept.heading(), **found}, as_json, lambda: headed(heading(kept, utc), view()))


def _source(held: ExitStack) -> Source:
    """Return what is there to read. Raises: StackNotRunning if nothing is."""
    found = running.supervised()
    if found is not None and found.runtime is not None:
        from arb.stack.postgres_server import ping_database

        if ping_database(found.runtime.database_url) is not None:  # it may be stopping at this moment
            with suppress(StackAlreadyRunning, StackNotRunning):
                return _stopped(found.home, held)
        return _running(found.home, found.runtime)
    return _configured() or _first_stopped(held)


def _running(home: Home, runtime: Runtime) -> Source:
    os.environ["ARB_HOME"] = str(home.path)
    return Source(
        url=runtime.database_url,
        home=home,
        where="running",
        stack=True,
        environment=runtime.mode,
        group=str(read_settings(home).get("group", "")),
        mend="`arb down` and `arb up`",
    )


def _configured() -> Source | None:
    """Return the server that the environment or a file names."""
    from config.frozen import usable

    try:
        settings = usable({**os.environ, "ARB_HOME": str(Home.default().path)}).settings
    except ConfigError:  # what is kept in the home can be read, whatever the files say
        return None
    if not settings.database_url:
        return None
    return Source(
        url=settings.database_url.get_secret_value(),
        home=Home.default(),
        where="on the server of ARB_DATABASE_URL",
        stack=None,
        environment=os.environ.get("ARB_MODE"),
        group=os.environ.get("ARB_GROUP"),
        mend="`arb migrate`",
    )


def _first_stopped(held: ExitStack) -> Source:
    from arb.stack.stopped import has_cluster

    for home in running.homes():
        if has_cluster(home):
            try:
                return _stopped(home, held)
            except StackAlreadyRunning:  # it was being started
                return _running(home, read_runtime(home))
    raise StackNotRunning(Home.default().path)


def _stopped(home: Home, held: ExitStack) -> Source:
    from arb.stack.stopped import stopped_postgres

    demo = "the demo's " if home.path == running.demo_home().path else ""
    return Source(
        url=held.enter_context(stopped_postgres(home, say)),
        home=home,
        where=f"{demo}stopped stack in {home.path}",
        stack=False,
        environment=os.environ.get("ARB_MODE"),
        group=os.environ.get("ARB_GROUP"),
        mend="`arb up`",
    )
