"""`python -m arb.sim binance|upbit`: run one simulated exchange."""

import sys
from functools import partial
from importlib import import_module

from arb.sim.core.serve import BINANCE, UPBIT, Build, main


def _build_of(venue: str) -> Build:
    """Import a venue only when it is asked for, so that one cannot keep the other from starting."""
    build: Build = import_module(f"arb.sim.{venue}.app").build
    return build


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], {venue: partial(_build_of, venue) for venue in (BINANCE, UPBIT)}))
