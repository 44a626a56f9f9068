"""`make conformance`: public clients against both simulators, call by call.

Runs in an environment of the clients' own; `--python` is the interpreter that runs the simulators. Exits
with 0 if no call was answered wrongly.
"""

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.conformance import binance_clients as binance
from tests.conformance import bithumb_clients as bithumb
from tests.conformance import upbit_clients as upbit
from tests.conformance.binance_calls import try_binance
from tests.conformance.bithumb_calls import try_bithumb
from tests.conformance.ccxt_unified import try_unified
from tests.conformance.judge import Judge, Row, Verdict, summary, table
from tests.conformance.own_faults import OWN_FAULTS
from tests.conformance.pyupbit_calls import try_pyupbit
from tests.conformance.simulated_venues import SimulatedVenues, simulated_venues
from tests.conformance.upbit_calls import try_upbit


def run(place: SimulatedVenues) -> list[Row]:
    """Try every client, all venues at the same time; return the rows."""
    with ThreadPoolExecutor() as venues:
        tried = [venues.submit(at, place) for at in (at_binance, at_upbit, at_bithumb)]
        return [row for rows in tried for row in rows.result()]


def at_binance(place: SimulatedVenues) -> list[Row]:
    """Try the clients of Binance."""
    rows = unified("ccxt unified binance", binance.ccxt_binance(place), "USDT")
    for name, speak in (
        ("ccxt binance", binance.by_ccxt(binance.ccxt_binance(place))),
        ("python-binance", binance.by_python_binance(place)),
        ("binance-sdk-spot", binance.by_sdk_spot(place)),
    ):
        judge = Judge(name, OWN_FAULTS.get(name, {}))
        try_binance(judge, speak)
        rows += judge.rows
    return rows


def unified(name: str, exchange: binance.ccxt.Exchange, quote: str) -> list[Row]:
    """Try what a bot on ccxt does, at the pace that ccxt keeps by itself."""
    exchange.enableRateLimit = True
    judge = Judge(name, OWN_FAULTS.get(name, {}))
    try_unified(judge, exchange, quote)
    return judge.rows


def at_upbit(place: SimulatedVenues) -> list[Row]:
    """Try the clients of Upbit."""
    rows = unified("ccxt unified upbit", upbit.ccxt_upbit(place), "KRW")
    for name, speak in (
        ("ccxt upbit", upbit.by_ccxt(upbit.ccxt_upbit(place))),
        ("upbit-sdk", upbit.by_sdk(place)),
    ):
        judge = Judge(name, OWN_FAULTS.get(name, {}))
        try_upbit(judge, speak)
        rows += judge.rows
    with TemporaryDirectory() as folder:
        judge = Judge("pyupbit", OWN_FAULTS.get("pyupbit", {}))
        try_pyupbit(judge, place, Path(folder))
    return rows + judge.rows


def at_bithumb(place: SimulatedVenues) -> list[Row]:
    """Try the client of Bithumb."""
    judge = Judge("ccxt bithumb", OWN_FAULTS.get("ccxt bithumb", {}))
    try_bithumb(judge, bithumb.by_ccxt(place))
    return judge.rows


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="make conformance", description="Public clients against the simulators."
    )
    parser.add_argument("--python", required=True, help="interpreter that runs the simulators")
    began = time.monotonic()
    with simulated_venues(parser.parse_args().python) as place:
        rows = run(place)
    print(table(rows))
    print(f"conformance: {summary(rows)}; {time.monotonic() - began:.0f} s")
    return 1 if any(row.verdict is Verdict.WRONG for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
