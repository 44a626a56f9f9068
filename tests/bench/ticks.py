"""From the receipt of the newest book of a decision to the receipt of its orders, over a whole stack.

Entries only. The decision is taken from the journal of decisions in the log, the claim from the order's row,
the receipt from the simulators' own record: all clocks are this machine's.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import psutil
from sqlalchemy import select
from urllib3 import request

from arb.adapters.postgres.tables import orders
from arb.app.wiring import Engine
from arb.domain.market.ids import parse_client_order_id
from arb.domain.risk.review import Mode
from arb.engine.market.markets import keys_of
from arb.stack.control import Supervisor
from arb.stack.home import Home

TRADERS = ("worker-evaluate", "worker-orders", "stream")
SERVERS = ("postgres", "redis")
IDLE_S = 15.0
EVALUATE_S = 5.0
LOOK_S = 0.25
MOMENT_NS = 50_000_000  # half a step of the simulated market: what moves with one step comes within it


@dataclass(frozen=True, kw_only=True)
class Entry:
    """The moments of one pair, in nanoseconds."""

    tick: int  # the newest of its books was received
    decided: int
    claimed: int  # the first of its orders
    first: int  # the first of its orders was received
    second: int

    def parts(self) -> dict[str, float]:
        """Return the parts of the way in ms."""
        ends = {
            "tick to first order": (self.tick, self.first),
            "tick to second order": (self.tick, self.second),
            "tick to decision": (self.tick, self.decided),
            "decision to claim": (self.decided, self.claimed),
            "claim to first order": (self.claimed, self.first),
            "first to second order": (self.first, self.second),
        }
        return {name: (to - start) / 1e6 for name, (start, to) in ends.items()}


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a stack did."""

    entries: list[Entry]
    orders: int
    seconds: float
    machine_pct: float  # of all cores, while it traded
    order_cpu_ms: dict[str, float]  # beyond what the same processes use with no orders
    evaluations_per_s: float
    counts: Mapping[str, Mapping[str, int]]


def by_moment(entries: Iterable[Entry]) -> tuple[list[Entry], list[Entry]]:
    """Return the entries that were the only one of their moment, and those that shared it with others."""
    alone, together = list[Entry](), list[Entry]()
    for moment in _moments(entries):
        (alone if len(moment) == 1 else together).extend(moment)
    return alone, together


def _moments(entries: Iterable[Entry]) -> list[list[Entry]]:
    found = list[list[Entry]]()
    for entry in sorted(entries, key=lambda each: each.tick):
        if found and entry.tick - found[-1][-1].tick < MOMENT_NS:
            found[-1].append(entry)
        else:
            found.append([entry])
    return found


def traded(engine: Engine, home: Home, wanted: int, seconds_max: float) -> Run:
    """Have a stack trade until it has opened so many pairs, or for so long; then measure it at rest."""
    before, began = cpu_s(home), time.monotonic()
    psutil.cpu_percent()
    while time.monotonic() - began < seconds_max and len(entry_rows(engine)) < 2 * wanted:
        time.sleep(LOOK_S * 8)
    seconds, machine_pct = time.monotonic() - began, psutil.cpu_percent()
    busy = {name: used - before.get(name, 0.0) for name, used in cpu_s(home).items()}
    placed = len(all_orders(engine))
    idle = at_rest(engine, home)
    order_cpu_ms = {
        kind: 1e3 * sum(busy[name] - idle[name] * seconds for name in names if name in idle) / placed
        for kind, names in (("workers", TRADERS), ("workers and servers", (*TRADERS, *SERVERS)))
    }
    return Run(
        entries=list(entries(engine, home)),
        orders=placed,
        seconds=seconds,
        machine_pct=machine_pct,
        order_cpu_ms=order_cpu_ms,
        evaluations_per_s=evaluations_per_s(engine),
        counts=engine.counters.read(),
    )


def at_rest(engine: Engine, home: Home) -> dict[str, float]:
    """Return what each program uses, in cores, while nothing is open and nothing may be opened."""
    engine.sessions.set_mode(engine.session_id, Mode.REDUCE_ONLY, "bench: at rest", engine.clock.now_ns())
    engine.kill.drain.wait(30_000)
    before = cpu_s(home)
    time.sleep(IDLE_S)
    return {name: (used - before.get(name, 0.0)) / IDLE_S for name, used in cpu_s(home).items()}


def evaluations_per_s(engine: Engine) -> float:
    """Return how many coins a second one process looks at, with nothing to do for any of them."""
    keys = keys_of(engine.shared.markets.pair, engine.shared.coins)
    evaluated, began = 0, time.monotonic()
    while time.monotonic() - began < EVALUATE_S:
        books = [book for book in engine.quotes.look(keys).books.values() if book.symbol != "USDT/KRW"]
        engine.trading.evaluate.run(books)
        evaluated += len(engine.shared.coins)
    return evaluated / (time.monotonic() - began)


def cpu_s(home: Home) -> dict[str, float]:
    """Return the processor time of each program of a stack and of its children."""
    pids = {each.name: each.pid for each in Supervisor(home).statuses() if each.pid}
    return {name: _with_children_s(pid) for name, pid in pids.items()}


def _with_children_s(pid: int) -> float:
    process = psutil.Process(pid)
    return sum(sum(each.cpu_times()[:2]) for each in (process, *process.children(recursive=True)))


def entry_rows(engine: Engine) -> list[Any]:
    own = (orders.c.session_id == engine.session_id, orders.c.purpose == "entry")
    wanted = select(orders.c.client_order_id, orders.c.claimed_at_ns).where(*own)
    with engine.trades.engine.connect() as connection:
        return list(connection.execute(wanted))


def all_orders(engine: Engine) -> list[Any]:
    with engine.trades.engine.connect() as connection:
        found = select(orders.c.client_order_id).where(orders.c.session_id == engine.session_id)
        return list(connection.execute(found))


def entries(engine: Engine, home: Home) -> Iterator[Entry]:
    """Yield the pairs of which both orders arrived."""
    received = {
        row["client_id"]: row["received_ns"]
        for url in engine.settings.rest_urls.values()
        for row in orjson.loads(request("GET", f"{url}/sim/orders").data)["orders"]
    }
    claims: dict[str, dict[str, int]] = {}
    for row in entry_rows(engine):
        named = parse_client_order_id(row.client_order_id)
        assert named is not None
        claims.setdefault(named[0], {})[row.client_order_id] = row.claimed_at_ns
    for made in decisions(home):
        pair = claims.get(made["trade"], {})
        arrived = sorted(received[each] for each in pair if each in received)
        if len(arrived) == 2:
            books = [made[f"{name}_recv_ns"] for name in (*engine.settings.pair, "rate")]
            yield Entry(
                tick=max(books),
                decided=made["at_ns"],
                claimed=min(pair.values()),
                first=arrived[0],
                second=arrived[1],
            )


def decisions(home: Home) -> Iterable[dict[str, Any]]:
    """Yield the decisions to open, as they were logged."""
    files = (path for path in sorted(home.logs.glob("live_loop.log*")) if not path.is_symlink())
    for path in files:  # a link has what the newest file has
        for line in path.read_bytes().splitlines():
            if b'"decision_made"' in line:
                made = orjson.loads(line)
                if made["action"] == "open":
                    yield made
