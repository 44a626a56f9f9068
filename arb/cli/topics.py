"""`arb help`: what the words mean that commands and documents use. docs/topics.md is made from these."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final

import typer

from arb.cli.output import EXIT_CODES, AsJson, tell
from arb.domain.errors import ConfigError

LIST: Final = "topics"
TOPICS: Final[Mapping[str, str]] = MappingProxyType({
    "modes": """
What money is at stake is said at the start: mock trades on two simulated exchanges that
`arb up` starts, paper fills orders by itself at the real venues' prices, live sends
them. What live asks for before it starts is one list, in docs/first-evening.md.

How much is allowed changes while it runs (`arb mode`): normal opens and closes,
reduce-only opens nothing, halted opens and closes nothing; what stands unhedged is
repaired in each. Nothing but a person goes back to normal after a person, a kill, the
watchdog, an order that was overfilled or has no row here, or a venue that rejects key
or account. docs/session-modes.md has every cause, and which of them pass by themselves.

More: docs/first-evening.md, docs/operations.md
""",
    "sessions": """
A session is one account of trading: its trades, orders, ledger and settings, in one
mode (and group). It outlives crashes, `arb down` and the machine: `arb up` goes on with
the one in use, `arb up --clean` begins another and keeps the last, `arb resume ID` goes
on with any. `arb sessions` lists those of every mode, running or stopped; every command
that reads takes `--session`, `--from` and `--to`.

More: docs/state.md, docs/operations.md
""",
    "kill": """
`arb kill` stops at once: from that moment no process sends an entry or an exit, open
orders are canceled, what is not hedged is repaired or escalated to you. Hedged pairs
stay open: it makes nothing flat. The switch is a file in the home, so that it is set
while Redis, PostgreSQL and the broker are away, and without a stack. Without PostgreSQL
orders are canceled and nothing is repaired: run it again once that is back. It stays set
over restarts until `arb unkill`, which first compares the ledger with the venues.

More: docs/operations.md
""",
    "emergency": """
Where something that is watched is beyond its limit for three samples in a row the
watchdog stops the stack by itself: trading halts, what is out is waited for, however
long a venue is away, and the processes end. The session stays halted. `arb status` and
`arb doctor` say why and what is waited for; mend that, then `arb up` and `arb mode
normal`.

More: docs/operations.md, docs/troubleshooting.md
""",
    "exit-codes": "\n" + "".join(f"{code:<4} {text}\n" for code, text in EXIT_CODES.items()) + """
Errors are one line on standard error; an option that cannot be is shown with how the command is used.

More: docs/operations.md
""",
    "settings": """
Later wins: config/default.yml, config/watchdog.yml, config/MODE.yml, the file named by
ARB_CONFIG, variables (ARB_RISK__TRADES_OPEN_MAX=3), keys. `arb config show` prints what
they make, `arb config validate` says whether a stack could start with it and what a
round trip earns.

A session keeps the settings that it was started with, as a numbered generation: what is
edited, or broken, on disk changes nothing for a stack that runs, nor for a process of
it that starts again. `arb config show --running` shows them and how the files differ,
`arb reload` takes up what the files say by now, or the next `arb up` does.

More: docs/settings.md, docs/state.md
""",
    "home": """
All that a stack keeps is below one directory: .arb here, or ARB_HOME. The demo has one
of its own inside it, the only one that is ever wiped.

  postgres/   the embedded database: sessions, trades, orders, ledger
  redis/      the embedded Redis: queues and the newest quotes; it may be lost
  logs/       live_loop.log (trading), watchdog.log, sys_monitor.log, critical_alerts.log, one of each process
  run/        settings and passwords of the stack that runs, the kill switch, an emergency stop
  sim/        the simulated exchanges' market and accounts

Where ARB_DATABASE_URL and ARB_REDIS_URL name servers, these keep it.

More: docs/operations.md, docs/state.md
""",
    "json": """
Every command prints one document with `--json`, and nothing else on standard output. It
begins with `schema` and `version`; fields may be added, and the version goes up when
one is renamed, left out or means something else.

More: docs/json.md
""",
    "pairs": """
A trade is a pair: a coin is bought at one venue and sold at the other for as much.
Opened where the premium pays for all fees, it is closed when the premium has converged,
by a profit, a stop-loss or the clock. A leg that stands alone is repaired within
seconds, or escalated to you with an alert: `arb trades adopt ID` takes it up again,
`arb trades close ID` closes a pair now, `arb coins pause XRP` opens no more of a coin,
`arb trace ID` tells all of one.

More: docs/economics.md, docs/operations.md
""",
})  # fmt: skip
Topic = Annotated[str, typer.Argument(help="One of them; left out: which there are.")]


def explain(topic: Topic = LIST, as_json: AsJson = False) -> None:
    """Explain a concept: modes, sessions, the kill switch, settings, the files of a home and others.

    Example: arb help sessions
    """
    wanted = TOPICS if topic == LIST else {topic: TOPICS[topic]} if topic in TOPICS else None
    if wanted is None:
        raise ConfigError(f"{topic!r} is no topic; there are {', '.join(TOPICS)}; of a command: --help")
    listed = "".join(f"  arb help {name}\n" for name in TOPICS)
    text = f"topics:\n{listed}" if topic == LIST else TOPICS[topic].strip()
    tell({"topics": {name: each.strip() for name, each in wanted.items()}}, as_json, text.rstrip())
