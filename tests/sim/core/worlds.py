"""A small engine for tests: one coin, a book that the test writes, a clock that stands still."""

from decimal import Decimal
from random import Random

import orjson

from arb.adapters.local.clock import ManualClock
from arb.sim.core.book import SimulatedBook, SimulatedLevel
from arb.sim.core.config import parse_config
from arb.sim.core.exchange import Exchange
from arb.sim.core.fault_kinds import FaultKind
from arb.sim.core.faults import Fault, FaultPlan
from arb.sim.core.journal import VenueJournal
from arb.sim.core.orders import OrderRequest, OrderSide, TimeInForce
from arb.sim.core.rules import QuoteFee, ReceivedAssetFee, VenueRules

BALANCES = {"USDT": Decimal(10_000), "BTC": Decimal(10)}
CONFIG = b'{"seed": 42, "epoch_ns": 1000000000, "coins": ["BTC", "ETH", "XRP"]}'


def rules(fees=None):
    return VenueRules(
        venue="test",
        quote="USDT",
        fees=fees or ReceivedAssetFee(Decimal(10)),
        lot=lambda coin: Decimal("0.001"),
        symbol=lambda coin: coin + "USDT",
        order_id=str,
        fill_id=str,
    )


def quote_fees():
    return rules(QuoteFee(Decimal(5)))


def side(*levels):
    return tuple(SimulatedLevel(Decimal(price), Decimal(quantity)) for price, quantity in levels)


def book(bids=(("99", "1"), ("98", "2")), asks=(("101", "1"), ("102", "2"))):
    return SimulatedBook(bids=side(*bids), asks=side(*asks))


def exchange(journal=None, venue_rules=None, balances=BALANCES):
    """Return an engine that shows `book()`."""
    made = Exchange(venue_rules or rules(), journal or VenueJournal(), ManualClock(5), balances)
    made.put_books({"BTC": book()})
    return made


def order(way, price=None, quantity="1", tif="GTC", client_id="c", quote=None):
    return OrderRequest(
        coin="BTC",
        side=OrderSide(way),
        client_id=client_id,
        time_in_force=TimeInForce(tif),
        received_ns=5,
        price=None if price is None else Decimal(price),
        quantity=None if quote else Decimal(quantity),
        quote_quantity=Decimal(quote) if quote else None,
    )


def show(engine, new_book):
    """Replace the book as a step does."""
    engine.put_books({"BTC": new_book})
    engine.match_resting(["BTC"])


def config(**changes):
    return parse_config(orjson.dumps(orjson.loads(CONFIG) | changes))


def fault(kind, **fields):
    """Return a planned fault."""
    return Fault(kind=FaultKind(kind), **fields)


def plan_of(*faults, seed=1):
    """Return a plan of these faults."""
    return FaultPlan(Random(seed), faults)
