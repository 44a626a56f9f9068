"""An old stack meets the new code: killed whole while it traded, it is taken up by this checkout.

What the old one left in its home (files that name its modules, messages, rows, orders in doubt) has to be
enough for every later version. So neither version is imported here: what is used is the `arb` command, the
tables of the database and the simulated exchanges' HTTP.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest
import urllib3

from arb.stack.home import Home
from tests.upgrade import rows
from tests.upgrade.power_cut import (
    cut_power,
    end_all,
    freeze,
    log_sizes,
    logged_since,
    names,
    places,
    processes_of,
    tails,
    thaw,
)
from tests.upgrade.rows import Rows, runtime_of
from tests.upgrade.versions import Stack, Version, old_version, this_version

pytestmark = [pytest.mark.stack, pytest.mark.timeout(480)]
OLD: Final = "e14eeaa3265e7d9952fedea5b4eacb202a38d433"
TRADING_S_MAX: Final = 90.0
ENDING_S_MAX: Final = 90.0
PAUSE_S: Final = 0.05
PAIRS_MIN: Final = 2
Found = TypeVar("Found")

# Many small pairs, and no ceiling that would end the entries too soon or have a trade handed over.
SMALL: Final = {
    "ARB_STRATEGY__NOTIONAL_USDT": "400",
    "ARB_STRATEGY__SLIP_BPS": "50",
    "ARB_ORDERS__REPAIR_ATTEMPTS_MAX": "200",
    "ARB_ORDERS__REPAIR_TIME_S_MAX": "120",
    "ARB_ORDERS__REPAIR_LOSS_BPS_MAX": "1000",
    "ARB_RISK__NOTIONAL_PER_COIN_KRW_MAX": "1000000000",
    "ARB_RISK__NOTIONAL_TOTAL_KRW_MAX": "4000000000",
    "ARB_RISK__TRADES_OPEN_MAX": "1000",
    "ARB_RISK__TRADES_OPEN_PER_COIN_MAX": "200",
    "ARB_RISK__DAILY_LOSS_KRW_MAX": "10000000000",
    "ARB_RISK__LOSS_PER_TRADE_KRW_MAX": "10000000",
    "ARB_RISK__ENTRY_COOLDOWN_MS": "1000",
    "ARB_RISK__QUOTE_AGE_MS_MAX": "5000",
    "ARB_RISK__STABILITY_SCORE_MIN": "0",
    "ARB_RISK__CIRCUIT_CLAIMS_MIN": "1000",
}
# A nervous market, and nothing is a reason to close a pair: pairs are open when the power goes.
OPENING: Final = SMALL | {
    "ARB_SIM__PREMIUM_STDEV_BPS": "70",
    "ARB_SIM__PREMIUM_HALF_LIFE_S": "3",
    "ARB_STRATEGY__HOLDING_S_MAX": "3600",
    "ARB_STRATEGY__CONVERGED_BPS": "-9000",
    "ARB_STRATEGY__TAKE_PROFIT_BPS": "9000",
    "ARB_STRATEGY__STOP_LOSS_BPS": "9000",
}
# A calm one, which offers no new pair, and its age is reason enough to close an old one.
CLOSING: Final = SMALL | {"ARB_SIM__PREMIUM_STDEV_BPS": "3", "ARB_STRATEGY__HOLDING_S_MAX": "1"}

# Of the orders that Binance gets from now on one half never arrives. The other is executed, and neither the
# reply nor the user stream says so; questions do not for a while, which is over before the absence of an
# order counts as proven. All are UNKNOWN to us, and only the venue knows which is which.
PLACE: Final = {"endpoint": "POST /api/v3/order"}
DARKNESS: Final = (
    {"kind": "drop_then_timeout", "probability": 0.5, **PLACE},
    {"kind": "accept_then_drop_reply", **PLACE},
    {"kind": "get_not_yet_visible", "delay_ms": 8_000},
    {"kind": "missing_event"},
)
MISUNDERSTOOD: Final = ("No module named", "ImportError", "unregistered task")


@dataclass(frozen=True, kw_only=True)
class Before:
    """What the old stack had when its power was cut, as far as it is known."""

    sessions: set[str]
    trades: dict[str, int]  # to their version
    orders: dict[str, int]  # to the number of their events
    pairs: set[str]  # open, both legs executed
    unknown: set[str]  # at Binance, of both kinds


@pytest.fixture
def home() -> Iterator[Path]:
    """A home directly below the temporary directory, where PostgreSQL's user can reach it."""
    path = Path(tempfile.mkdtemp(prefix="arb-test-")).resolve()
    try:
        yield path
    finally:
        end_all(path)
        print(tails(path))  # shown if the test fails
        Home(path).remove()


def test_a_stack_that_was_killed_is_ended_in_order_by_newer_code(home: Path, tmp_path: Path):
    old = Stack(home=home, version=old_version(OLD, tmp_path / "old"), settings=OPENING)
    new = Stack(home=home, version=this_version(), settings=CLOSING)
    old.arb("up")
    assert_runs(old.version, home)
    before = traded_into_the_dark(home)
    cut_power(home)
    dead_ns = time.time_ns()
    shutil.rmtree(old.version.tree)
    sizes = log_sizes(home)

    new.arb("up")
    assert_runs(new.version, home)
    assert_kept(home, before)
    assert_ended(home, before, dead_ns)
    new.arb("check")
    assert [line for line in logged_since(home, sizes) if any(word in line for word in MISUNDERSTOOD)] == []
    new.arb("down")
    assert names(processes_of(home)) == []


def traded_into_the_dark(home: Path) -> Before:
    """Let a stack trade until pairs are open and orders of both kinds UNKNOWN, and leave it frozen there."""
    database, binance = Rows(home), runtime_of(home)["simulators"]["binance"]
    wait_for("open pairs", lambda: len(database.read(rows.PAIRS)) >= PAIRS_MIN, TRADING_S_MAX)
    ask(binance, "POST", "/sim/faults", json=DARKNESS)

    def frozen_there() -> Before | None:
        unknown = database.column(rows.UNKNOWN, ("binance",))
        executed = {order for order, quantity in executed_at(binance).items() if quantity > 0}
        if not are_of_both_kinds(unknown, executed):
            return None
        frozen = freeze(home)
        before = Before(
            sessions=database.column(rows.SESSIONS),
            trades=dict(database.read(rows.TRADES)),
            orders=dict(database.read(rows.ORDERS)),
            pairs=database.column(rows.PAIRS),
            unknown=unknown & database.column(rows.UNKNOWN, ("binance",)),
        )
        if len(before.pairs) >= PAIRS_MIN and are_of_both_kinds(before.unknown, executed):
            return before
        thaw(frozen)
        return None

    return wait_for("UNKNOWN orders, executed and not", frozen_there, TRADING_S_MAX)


def are_of_both_kinds(orders: set[str], executed: set[str]) -> bool:
    """Tell whether some of these orders were executed, and some were not."""
    return bool(orders & executed and orders - executed)


def assert_runs(version: Version, home: Path) -> None:
    """Every process of the home finds the modules of this version."""
    found = places(processes_of(home))
    assert found
    assert [version.places_found_by(place) for place in found] == [version.places] * len(found)


def assert_kept(home: Path, before: Before) -> None:
    """The session is the same, nothing that was committed is gone or older, the venues are well again."""
    database = Rows(home)
    assert database.column(rows.SESSIONS) == before.sessions
    trades, orders = dict(database.read(rows.TRADES)), dict(database.read(rows.ORDERS))
    assert {key: number for key, number in before.trades.items() if trades.get(key, -1) < number} == {}
    assert {key: number for key, number in before.orders.items() if orders.get(key, -1) < number} == {}
    for url in runtime_of(home)["simulators"].values():
        assert ask(url, "GET", "/sim/faults")["faults"] == []


def assert_ended(home: Path, before: Before, dead_ns: int) -> None:
    """Every pair was closed since, and the orders in doubt became what the venue recorded of them."""
    database, binance = Rows(home), runtime_of(home)["simulators"]["binance"]
    try:
        wait_for("the end of it all", lambda: not database.read(rows.UNENDED), ENDING_S_MAX)
    finally:
        print("left:", database.read(rows.UNENDED))
    assert before.pairs <= database.column(rows.CLOSED, (dead_ns,))
    executed = executed_at(binance)
    for order in before.unknown:
        ((event, at_ns, booked),) = database.read(rows.PROOF, {"id": order})
        assert at_ns > dead_ns
        assert booked == executed.get(order, 0)
        assert (event == "absent") == (order not in executed)
    assert database.read(rows.DEAD_LETTERS) == []


def wait_for(what: str, look: Callable[[], Found], limit_s: float) -> Found:
    """Return what a look finds as soon as it finds anything."""
    deadline_s = time.monotonic() + limit_s
    while not (found := look()):
        assert time.monotonic() < deadline_s, f"no sign of {what} within {limit_s:.0f} s"
        time.sleep(PAUSE_S)
    return found


def executed_at(venue: str) -> dict[str, Decimal]:
    """Return every order that a simulated venue ever took, and how much of it was executed."""
    orders = ask(venue, "GET", "/sim/orders")["orders"]
    return {row["client_id"]: Decimal(row["executed_quantity"]) for row in orders}


def ask(venue: str, method: str, path: str, **body: Any) -> Any:
    """Return what a simulated venue answers."""
    answer = urllib3.request(method, f"{venue}{path}", timeout=5.0, retries=False, **body)
    assert answer.status == 200, answer.data
    return answer.json()
