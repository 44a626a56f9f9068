"""Every kind of alert: how bad it may be, which log has it, what it means and what to do.

`python -m arb.domain.health.alert_kinds > docs/alerts.md` draws the page; a test compares the two.
"""

import sys
from collections.abc import Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from arb.domain.health.alert import AlertKind, Severity


class AlertLog(StrEnum):
    """Which log tells of an alert, besides `critical_alerts.log`, which has all of them."""

    SAFETY = "safety"
    SYS_MONITOR = "sys_monitor"
    WATCHDOG = "watchdog"


class KindRow(NamedTuple):
    """One row of the table."""

    worst: Severity  # nothing of this kind is worse
    means: str
    look: str  # first
    do: str
    log: AlertLog = AlertLog.SAFETY


ITSELF: Final = "nothing: it goes on by itself"
TRADES, ORDERS, STATUS, DOCTOR = "`arb trades`", "`arb orders`", "`arb status`", "`arb doctor`"
INFO, WARNING, CRITICAL = Severity


def _monitor(worst: Severity, means: str, look: str, do: str) -> KindRow:
    return KindRow(worst, means, look, do, AlertLog.SYS_MONITOR)


def _watchdog(means: str, look: str, do: str, worst: Severity = CRITICAL) -> KindRow:
    return KindRow(worst, means, look, do, AlertLog.WATCHDOG)


KINDS: Final[Mapping[AlertKind, KindRow]] = MappingProxyType(
    {
        AlertKind.TRADE_ESCALATED: KindRow(
            CRITICAL, "a leg could not be repaired and is escalated to you", TRADES,
            "nothing, it is tried again by itself; at once: `arb trades adopt ID`; by hand only with trading "
            "halted, in the order of docs/operations.md; reduce-only meanwhile",
        ),
        AlertKind.REPAIR_HELD: KindRow(
            CRITICAL, "a leg stands alone until its venue ends a pause", TRADES,
            "nothing: it is repaired when that is over, also if you did so by hand: then it is done twice",
        ),
        AlertKind.EXIT_HELD: KindRow(
            CRITICAL, "a pair is due and a venue is not well enough to close it; critical: its stop-loss",
            STATUS, ITSELF,
        ),
        AlertKind.EXIT_REFUSED: KindRow(
            WARNING, "one leg of a pair was not executed in several exits", TRADES,
            "look at the reasons in `arb trace ID`; the pair stays hedged",
        ),
        AlertKind.EXIT_UNPAID: KindRow(
            WARNING, "a balance does not suffice to close a pair, which stays hedged", "`arb balances`",
            "add what is named",
        ),
        AlertKind.PAIR_STUCK: KindRow(
            CRITICAL, "a pair could not be closed for a while, were it time to; critical: it is time", TRADES,
            "mend what its message names, look at both venues' notices; it stays hedged",
        ),
        AlertKind.PAIRS_SET_ASIDE: KindRow(
            WARNING, "a session was set aside with open pairs, which nobody closes", "`arb sessions`",
            "`arb resume SESSION` looks after them",
        ),
        AlertKind.LATE_FILL: KindRow(
            WARNING, "a venue told of a fill after the trade had ended", "`arb trace ID`", ITSELF,
        ),
        AlertKind.ENTRIES_UNFILLED: KindRow(
            WARNING, "too many entries left a leg unfilled; these entries rest", ORDERS,
            "nothing: they go on by themselves; canceled: late quotes; rejected: a rule of the venue",
        ),
        AlertKind.ORDER_UNKNOWN: KindRow(
            CRITICAL, "the outcome of an order has not been known for a minute", ORDERS,
            "look at the venue's own list; do not place it again by hand: it is asked about every 2 s",
        ),
        AlertKind.ORDER_OVERFILLED: KindRow(
            CRITICAL, "a venue told of more than was ordered; trading is halted", ORDERS,
            "compare with the venue's own list, then `arb mode normal`",
        ),
        AlertKind.ORDER_CONTRADICTION: KindRow(
            CRITICAL, "a venue reports what an order's history excludes", "`arb trace ID`",
            "compare with the venue's own list",
        ),
        AlertKind.ORDER_WITHOUT_INTENT: KindRow(
            CRITICAL, "a venue has an order with our kind of id that has no row here", ORDERS,
            "find out who sent it: another database, or a restored one; then `arb mode normal`",
        ),
        AlertKind.FILLS_MISSING: KindRow(
            CRITICAL, "an order ended with fewer fills than its venue executed", "`arb trace ID`",
            "compare with the venue's own list; `arb reconcile` tells the difference",
        ),
        AlertKind.EXTERNAL_ORDER: KindRow(
            WARNING, "somebody else has an order on the account", "the venue's own list",
            "nothing if it is yours: it is left alone",
        ),
        AlertKind.LEDGER_DRIFT: KindRow(
            CRITICAL, "the ledger and a venue's balance differ", "`arb reconcile`",
            "if you moved money, `arb reconcile --accept REASON`",
        ),
        AlertKind.LEDGER_ADJUSTED: KindRow(
            INFO, "a difference was booked, by hand", "`arb reconcile`", "nothing",
        ),
        AlertKind.RECONCILE_INCONCLUSIVE: KindRow(
            CRITICAL, "ledger and balances could not be compared for too long", "`arb reconcile`",
            "mend what its message names; until then nothing is opened",
        ),
        AlertKind.FEE_UNVALUED: KindRow(
            WARNING, "a fee was taken in an asset that no price can be had of", "`arb trades`",
            "have the venue take its fees in another asset",
        ),
        AlertKind.FEE_VALUED_LATE: KindRow(
            INFO, "a fee in another asset is in a trade's profit now", "`arb trades`", "nothing",
        ),
        AlertKind.VENUE_FATAL: KindRow(
            CRITICAL, "a venue rejects key, permission, account or place; trading is halted", DOCTOR,
            "mend the key or the account, then `arb mode normal`",
        ),
        AlertKind.USER_STREAM_REFUSED: KindRow(
            WARNING, "a venue rejects the stream of our fills; they come by asking", DOCTOR,
            "check the key's permissions",
        ),
        AlertKind.MARKET_BARRED: KindRow(
            CRITICAL, "the account may not trade in a market; nothing is sent there for a day", "its message",
            "ask the venue, or take the coin off the list",
        ),
        AlertKind.RULES_UNREAD: KindRow(
            CRITICAL, "the rules of a venue's markets could not be read", DOCTOR,
            "check the network and, if it is rejected, the key",
        ),
        AlertKind.RULES_ODD: KindRow(
            CRITICAL, "a venue's row of a market makes no sense", "`arb coins list`",
            "look at its announcements; critical: what is open there closes only once that is mended",
        ),
        AlertKind.COIN_UNLISTED: KindRow(
            WARNING, "a venue does not list a coin (any more)", "`arb coins list`",
            "check how it is spelt; else take it out of `coins`, and move what is left of it",
        ),
        AlertKind.COIN_UNQUOTED: KindRow(
            WARNING, "a venue sends no quotes of a coin; it was left out of the start", STATUS, ITSELF,
        ),
        AlertKind.COIN_OFF_LIST: KindRow(
            WARNING, "pairs are open of a coin that is not in `coins`", TRADES,
            "nothing: they are closed as usual; put it back to open more",
        ),
        AlertKind.COINS_CHANGED: KindRow(
            WARNING, "`coins: all`, and what both venues list is not what it was", "`arb coins list`",
            "nothing; a coin that you do not want is paused with `arb coins pause`",
        ),
        AlertKind.STACK_WAITS: KindRow(
            CRITICAL, "an emergency stop waits for orders or legs", STATUS,
            "its message says what is out at which venue, and what to do",
        ),
        AlertKind.STACK_STOPPED: KindRow(
            CRITICAL, "the watchdog stopped the stack", DOCTOR, "mend the cause, `arb up`, `arb mode normal`",
        ),
        AlertKind.DEAD_LETTER: KindRow(
            WARNING, "a task was given up", "`arb dead list`", "`arb dead replay` once its cause is mended",
        ),
        AlertKind.DEGRADATION: KindRow(
            WARNING, "less is done, since the machine is short of something", STATUS,
            "give it what it is short of",
        ),
        AlertKind.DISK_FULL: KindRow(
            CRITICAL, "no room on the disk: nothing is opened", DOCTOR, "make room",
        ),
        AlertKind.STORE_UNREACHABLE: KindRow(
            CRITICAL, "PostgreSQL does not answer: nothing is opened", DOCTOR, "look at its log",
        ),
        AlertKind.STORE_RECOVERED: KindRow(INFO, "PostgreSQL answers again", STATUS, "nothing"),
        AlertKind.FEED_WORKER_DEAD: KindRow(
            WARNING, "a feed worker gives no sign of life; others take its coins", STATUS, ITSELF,
        ),
        AlertKind.QUOTES_LATE: KindRow(
            WARNING, "a venue's frames come late, or without a stamp: they are not believed", STATUS,
            "look at the network, the machine's load and the venue's status page",
        ),
        AlertKind.NO_FEED_WORKER: KindRow(
            CRITICAL, "no feed worker is alive; the session is halted until one is", STATUS,
            "look at the feeds' logs",
        ),
        AlertKind.WORKER_REVIVED: KindRow(
            WARNING, "a worker lived and did not work; it was started again", STATUS, ITSELF,
        ),
        AlertKind.WORKER_GIVEN_UP: KindRow(
            CRITICAL, "a worker does not work after several restarts", STATUS, "look at its log",
        ),
        AlertKind.REDIS_UNREACHABLE: _monitor(
            CRITICAL, "Redis does not answer; work goes through the fallback queue", DOCTOR,
            "look at its log",
        ),
        AlertKind.POSTGRES_UNREACHABLE: _monitor(
            CRITICAL, "PostgreSQL does not answer; what is in flight is recorded later", DOCTOR,
            "look at its log",
        ),
        AlertKind.ALL_FEEDS_UNHEALTHY: _monitor(
            CRITICAL, "no venue has sent a quote for a while", STATUS,
            "look at the feeds' logs and at the venues' status pages",
        ),
        AlertKind.NO_TRADABLE_MARKET: _monitor(
            CRITICAL, "no coin has fresh quotes on both venues and a market that is open", STATUS, ITSELF,
        ),
        AlertKind.ALL_WORKERS_GONE: _monitor(
            CRITICAL, "no Celery worker gives a sign of life", STATUS, "look at the workers' logs",
        ),
        AlertKind.WATCH_HANGS: KindRow(
            WARNING, "a part of the watch does not answer; the sweep goes on without it", DOCTOR,
            "look at what it asks",
        ),
        **{
            kind: _monitor(WARNING, means, DOCTOR, "set it as docs/deployment.md says")
            for kind, means in (
                (AlertKind.REDIS_EVICTS, "Redis evicts keys when it is full: queued work would be lost"),
                (AlertKind.REDIS_FORGETS, "Redis loses what it holds with its process"),
                (AlertKind.REDIS_TOO_SMALL, "Redis may use too little memory"),
                (AlertKind.REDIS_IS_REPLICA, "Redis is a replica: it takes no writes, or loses them"),
                (AlertKind.REDIS_IS_CLUSTER, "Redis is a cluster, which refuses our scripts"),
            )
        },
        AlertKind.WATCHDOG_WS_LAG: _watchdog(
            "a venue's books come late", "the venue's status page", "look at the network and the clock",
        ),
        AlertKind.WATCHDOG_QUOTE_AGE: _watchdog(
            "a venue sends no books", "the feed's log", "look at the venue's status page",
        ),
        AlertKind.WATCHDOG_REDIS_HEARTBEAT_AGE: _watchdog(
            "a process gives no sign of life", STATUS, "look at its log",
        ),
        AlertKind.WATCHDOG_LOOP_LATENCY: _watchdog(
            "tasks of a queue wait before they start", STATUS, "give the machine more, or fewer coins",
        ),
        AlertKind.WATCHDOG_CANARY_AGE: _watchdog("a queue is not worked off", STATUS, "look at its workers"),
        AlertKind.WATCHDOG_QUEUE_DEPTH: _watchdog("messages wait in a queue", STATUS, "look at its workers"),
        AlertKind.WATCHDOG_BEAT_AGE: _watchdog("beat's own task does not run", STATUS, "look at beat's log"),
        AlertKind.WATCHDOG_SNAPSHOT_AGE: _watchdog(
            "the newest snapshot is old", "`arb snapshot`", "look at the housekeeping worker's log",
        ),
        AlertKind.WATCHDOG_UNKNOWN_ORDER_AGE: _watchdog(
            "the outcome of an order has not been known for long", ORDERS, "look at the venue's own list",
        ),
        AlertKind.WATCHDOG_UNHEDGED_AGE: _watchdog(
            "the legs of a trade have differed for long", TRADES,
            "`arb trace ID`: an order in doubt, or a repair without a price; the venue's status page",
        ),
        AlertKind.WATCHDOG_UNHEDGED: _watchdog(
            "much is unhedged", TRADES, "look at the venue's status page",
        ),
        AlertKind.WATCHDOG_DRIFTS: _watchdog(
            "ledger and venues differ again and again", "`arb reconcile`", "find out who moves money",
        ),
        AlertKind.WATCHDOG_SAFETY_REJECTIONS: _watchdog(
            "our own rules deny many orders", STATUS, "look at the reasons",
        ),
        AlertKind.WATCHDOG_LIVE_ERRORS: _watchdog(
            "tasks fail by a bug", "`arb dead list`", "report it with the log",
        ),
        AlertKind.WATCHDOG_CLOCK_OFFSET: _watchdog(
            "this machine's clock is wrong by a venue's", DOCTOR, "`timedatectl set-ntp true`",
        ),
        AlertKind.WATCHDOG_CPU: _watchdog("a process takes much of a core", STATUS, "look at its log"),
        AlertKind.WATCHDOG_RSS: _watchdog("a process takes much memory", STATUS, "look at its log"),
        AlertKind.WATCHDOG_DISK_FREE: _watchdog("the disk fills up", "`du -sh HOME/*`", "make room", WARNING),
        AlertKind.TEST: KindRow(INFO, "somebody asked for it (`arb alerts test`)", "nothing", "nothing"),
    }
)  # fmt: skip


def page() -> str:
    """Return the page as Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Alerts"
    yield ""
    yield "Drawn from `KINDS` in `arb/domain/health/alert_kinds.py` by"
    yield "`python -m arb.domain.health.alert_kinds`; a test compares the two. What is over is told as"
    yield "`info` of the same kind. Every alert is in `logs/critical_alerts.log`; the log of its row has it"
    yield "among other events. How and how often one is told: [operations.md](operations.md#alerts)."
    yield ""
    yield "| kind | at worst | means | look first at | then | log |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for kind, row in KINDS.items():
        yield f"| `{kind}` | {row.worst} | {row.means} | {row.look} | {row.do} | `{row.log}.log` |"


if __name__ == "__main__":
    sys.stdout.write(page())
