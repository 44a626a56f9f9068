"""`python -m arb.sim VENUE`: run one simulated exchange; `bench` measures what they cost."""

import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module

from arb.domain.market.ids import Venue
from arb.sim.core.serve import Build, main


def _build_of(venue: str) -> Build:
    """Import a venue only when it is asked for, so that one cannot keep another from starting."""
    build: Build = import_module(f"arb.sim.{venue}.app").build
    return build


def _bench(argv: list[str]) -> int:
    measure: Callable[[list[str]], int] = import_module("arb.sim.bench").main
    return measure(argv)


if __name__ == "__main__":
    if sys.argv[1:2] == ["bench"]:
        sys.exit(_bench(sys.argv[2:]))
    sys.exit(main(sys.argv[1:], {venue: partial(_build_of, venue) for venue in Venue}))
