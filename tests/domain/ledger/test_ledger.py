"""Double entry."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arb.domain.errors import InvariantError
from arb.domain.ledger.ledger import Entry, EntryKind, Posting, fill_entry, move, opening_entry, totals
from arb.domain.market.ids import Venue
from tests.contracts import world
from tests.domain.markets import PAIR

amounts = st.decimals(min_value="1e-8", max_value="1e9", places=8)


@given(
    venue=st.sampled_from(PAIR.venues),
    direction=st.sampled_from(PAIR.directions),
    price=amounts,
    share=st.integers(1, 9),
)
def test_a_fill_is_even_in_every_asset(venue, direction, price, share):
    order = world.opening("s", direction=direction).on(venue)
    entry = fill_entry(order, world.fill(order, f"0.00{share}", price))
    assert set(totals(entry.postings).values()) == {0}


def test_a_purchase_on_binance_pays_usdt_and_its_fee_in_coin():
    order = world.opening("s").on(Venue.BINANCE)
    entry = fill_entry(order, world.fill(order))
    own = [posting for posting in entry.postings if posting.account == "venue:binance"]
    assert totals(own) == {"BTC": Decimal("0.01") - Decimal("0.00001"), "USDT": Decimal(-1000)}


def test_a_sale_on_upbit_brings_krw_less_the_fee():
    order = world.opening("s").on(Venue.UPBIT)
    entry = fill_entry(order, world.fill(order))
    own = [posting for posting in entry.postings if posting.account == "venue:upbit"]
    assert totals(own) == {"BTC": Decimal("-0.01"), "KRW": Decimal(1_400_000 - 700)}


def test_a_fill_without_a_fee_has_no_fee_posting():
    order = world.opening("s").on(Venue.UPBIT)
    fill = world.fill(order)
    free = type(fill)(**{name: getattr(fill, name) for name in fill.__slots__} | {"fee": Decimal(0)})
    assert {posting.account for posting in fill_entry(order, free).postings} == {"trading", "venue:upbit"}


def test_fills_of_two_venues_have_different_keys():
    opening = world.opening("s")
    fill = world.fill(opening.on(Venue.UPBIT))
    assert len({fill_entry(order, fill).key for order in opening.orders}) == 2


def test_an_uneven_entry_cannot_be_built():
    with pytest.raises(InvariantError, match="BTC sums to 1"):
        Entry(key="k", kind=EntryKind.ADJUSTMENT, postings=(Posting("a", "BTC", Decimal(1)),))


def test_a_move_takes_from_one_account_and_gives_to_the_other():
    assert move("a", "b", "KRW", Decimal(5)) == (
        Posting("a", "KRW", Decimal(-5)),
        Posting("b", "KRW", Decimal(5)),
    )


def test_an_opening_books_what_was_there_and_leaves_out_zeros():
    entry = opening_entry("s", Venue.UPBIT, {"KRW": Decimal(7), "BTC": Decimal(0)})
    assert entry.key == "opening:s:upbit"
    assert entry.postings == move("opening", "venue:upbit", "KRW", Decimal(7))
