"""Books, rules and markets for tests of decisions."""

from dataclasses import replace
from decimal import Decimal

from arb.domain.market.belief import RateBelief, RateRules
from arb.domain.market.book import Book, Level
from arb.domain.market.ids import Coin, Symbol, Venue
from arb.domain.market.instrument import FeeIn, Instrument
from arb.domain.market.pair import Pair
from arb.domain.market.spread import Market, MarketLeg, Rate
from arb.domain.time import NS_PER_S
from arb.venues.upbit.instruments import KRW_BANDS

PAIR = Pair(Venue.UPBIT, Venue.BINANCE)
USDT_KRW = PAIR.rate_key
OTHER = {Venue.UPBIT: Venue.BINANCE, Venue.BINANCE: Venue.UPBIT}
NOW_NS = 1_763_640_000_000_000_000

UPBIT = Instrument(
    venue=Venue.UPBIT,
    symbol=Symbol("BTC/KRW"),
    venue_symbol="KRW-BTC",
    base=Coin("BTC"),
    quote="KRW",
    price_bands=KRW_BANDS,
    lot_step=Decimal("0.00000001"),
    quantity_min=Decimal(0),
    quantity_max=Decimal(1000),
    notional_min=Decimal(5000),
    taker_fee_bps=Decimal(5),
    fee_in=FeeIn.QUOTE,
)
BINANCE = Instrument(
    venue=Venue.BINANCE,
    symbol=Symbol("BTC/USDT"),
    venue_symbol="BTCUSDT",
    base=Coin("BTC"),
    quote="USDT",
    price_bands=((Decimal(0), Decimal("0.01")),),
    lot_step=Decimal("0.00001"),
    quantity_min=Decimal("0.00001"),
    quantity_max=Decimal(9000),
    notional_min=Decimal(5),
    taker_fee_bps=Decimal(10),
    fee_in=FeeIn.RECEIVED,
)


def levels(*pairs):
    return tuple(Level(Decimal(price), Decimal(quantity)) for price, quantity in pairs)


def book(venue, bids, asks, ts_recv_ns=NOW_NS):
    symbol = UPBIT.symbol if venue is Venue.UPBIT else BINANCE.symbol
    return Book(
        venue=venue,
        symbol=symbol,
        bids=levels(*bids),
        asks=levels(*asks),
        sequence=1,
        ts_event_ns=ts_recv_ns,
        ts_recv_ns=ts_recv_ns,
    )


def market(
    upbit_bids=(("141400000", "1"),),
    upbit_asks=(("141401000", "1"),),
    binance_bids=(("99999.99", "1"),),
    binance_asks=(("100000", "1"),),
    krw_per_usdt="1400",
    **rules,
):
    """Return a market at a premium of about 100 bps: 141.4 M KRW against 100,000 USDT at 1,400."""
    return Market(
        coin=Coin("BTC"),
        pair=PAIR,
        legs={
            Venue.UPBIT: MarketLeg(book(Venue.UPBIT, upbit_bids, upbit_asks), rules.get("upbit", UPBIT)),
            Venue.BINANCE: MarketLeg(
                book(Venue.BINANCE, binance_bids, binance_asks), rules.get("binance", BINANCE)
            ),
        },
        rate=Rate(krw_per_usdt=Decimal(krw_per_usdt), ts_recv_ns=NOW_NS),
    )


def a_belief() -> RateBelief:
    """Return what believes any book of the rate that has two sides."""
    rules = RateRules(settle_ns=NS_PER_S, spread_bps_max=Decimal(10_000), size_usdt=Decimal("0.01"))
    return RateBelief(rules)


def with_book(found: Market, venue: Venue, **changes) -> Market:
    """Return a market one of whose books is changed."""
    leg = found.legs[venue]
    return replace(found, legs={**found.legs, venue: replace(leg, book=replace(leg.book, **changes))})
