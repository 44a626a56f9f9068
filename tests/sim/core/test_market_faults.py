"""What market faults do to books, by step."""

from decimal import Decimal
from random import Random

import pytest

from arb.domain.market.ids import Venue
from arb.domain.time import NS_PER_S
from arb.sim.core.faults import FaultPlan
from arb.sim.core.market import build_market
from arb.sim.core.market_faults import FaultyMarket, rules_of, shown
from tests.sim.core.worlds import config, fault

CONFIG = config(step_ms=1_000)
EPOCH_NS = CONFIG.epoch_ns


class World:
    """A faulty market and the plain one beside it; faults are switched on at the epoch."""

    def __init__(self, venue, *faults):
        self.now_ns = EPOCH_NS
        self.venue, self.plan = venue, FaultPlan(Random(1), faults, lambda: self.now_ns)
        self.faulty = FaultyMarket(build_market(CONFIG), venue, self.plan)
        self.plain = build_market(CONFIG)

    def at(self, step):
        """Return the faulty books and the plain ones."""
        self.now_ns = EPOCH_NS + step * NS_PER_S
        return self.books(step), self.plain.books(self.venue, step)

    def books(self, step):
        """Return the faulty books of all coins."""
        self.faulty.begin(step)
        return self.faulty.books(self.plain.coins(self.venue))


def middle(book):
    return (book.bids[0].price + book.asks[0].price) / 2


def test_without_faults_the_books_are_the_market_s():
    books, plain = World(Venue.BINANCE).at(3)
    assert books == plain


@pytest.mark.parametrize(
    ("step", "bps"),
    [(0, 0), (60, -1_500), (120, -3_000), (150, -3_000), (180, -3_000), (480, -1_500), (780, 0)],
)
def test_a_crash_ramps_holds_and_recovers(step, bps):
    crash = fault("price_move", bps=Decimal(-3_000), ramp_s=120, hold_s=60, recover_s=600)
    books, plain = World(Venue.BINANCE, crash).at(step)
    for coin, book in books.items():
        change = (middle(book) / middle(plain[coin]) - 1) * 10_000
        assert abs(change - bps) < 3


def test_moves_multiply_and_name_coins():
    far, all_of_them = fault("price_move", bps=Decimal(5_000), coins=["BTC"]), fault("price_move", bps=100)
    world = World(Venue.UPBIT, far, all_of_them)
    books, plain = world.at(1)
    factors = {coin: float(middle(book) / middle(plain[coin])) for coin, book in books.items()}
    assert factors["BTC"] == pytest.approx(1.515, abs=1e-3)
    assert factors["ETH"] == pytest.approx(1.01, abs=1e-3)
    assert factors["USDT"] == 1.0  # the rate moves when it is named


def test_a_rate_that_moves_takes_every_price_in_krw_along():
    books, plain = World(Venue.UPBIT, fault("rate_move", bps=Decimal(500))).at(1)
    for coin, book in books.items():
        assert float(middle(book) / middle(plain[coin])) == pytest.approx(1.05, abs=2e-3)


def test_a_move_ends_by_itself_and_begins_when_it_is_due():
    world = World(Venue.BINANCE, fault("price_move", bps=Decimal(1_000), after_s=2, for_s=3))
    moved = [
        middle(books["BTC"]) > middle(plain["BTC"]) * Decimal("1.09")
        for books, plain in map(world.at, range(7))
    ]
    assert moved == [False, False, True, True, True, False, False]


def test_one_sided_and_holed_books_lose_what_they_say():
    world = World(
        Venue.UPBIT,
        fault("one_sided_book", side="asks", coins=["USDT"]),
        fault("book_hole", bps=Decimal(10), coins=["BTC"]),
        fault("book_hole", bps=Decimal(10), side="bids", coins=["ETH"]),
    )
    books, plain = world.at(1)
    assert not books["USDT"].asks
    assert books["USDT"].bids == plain["USDT"].bids
    spread = books["BTC"].asks[0].price / books["BTC"].bids[0].price - 1
    assert spread >= Decimal("0.002")
    assert books["ETH"].asks == plain["ETH"].asks
    assert books["ETH"].bids[0].price <= middle(plain["ETH"]) * Decimal("0.999")
    assert books["XRP"] == plain["XRP"]


def test_a_thin_book_keeps_its_prices_and_whole_lots():
    books, plain = World(Venue.BINANCE, fault("thin_book", factor=Decimal("0.1"))).at(1)
    lot = Decimal("0.00001")
    for thin, whole in zip(books["BTC"].bids, plain["BTC"].bids, strict=True):
        assert thin.price == whole.price
        assert lot <= thin.quantity <= max(whole.quantity / 10, lot)
        assert thin.quantity % lot == 0


def test_a_stuck_price_stays_until_it_is_freed_and_a_halted_coin_shows_nothing():
    world = World(Venue.BINANCE)
    first, _ = world.at(1)
    stuck = world.plan.add(fault("stuck_price", coins=["BTC"]))
    halted = world.plan.add(fault("halted_coin", coins=["ETH"]))
    second, plain = world.at(2)
    assert second["BTC"] == first["BTC"] != plain["BTC"]
    assert "ETH" not in second
    assert second["XRP"] == plain["XRP"]
    for each in (stuck, halted):
        world.plan.remove(each.fault_id)
    third, plain = world.at(3)
    assert third == plain


def test_a_venue_that_is_behind_with_its_steps_holds_still_what_is_to_be_still_at_once():
    world = World(Venue.BINANCE)
    first, _ = world.at(1)
    world.now_ns = EPOCH_NS + 3 * NS_PER_S
    world.plan.add(fault("stuck_price", coins=["BTC"]))
    world.plan.add(fault("halted_coin", coins=["ETH"]))
    world.plan.add(fault("price_move", coins=["XRP"], bps=Decimal(1_000)))
    late = world.books(2)
    assert late["BTC"] == first["BTC"]
    assert "ETH" not in late
    assert late["XRP"] == world.plain.books(Venue.BINANCE, 2)["XRP"]


def test_what_is_to_be_still_is_so_from_then_on_also_in_the_middle_of_a_step():
    world = World(Venue.BINANCE)
    first, _ = world.at(1)
    world.now_ns = EPOCH_NS + 2 * NS_PER_S
    world.faulty.begin(2)
    assert world.faulty.books(["XRP"]) == {"XRP": world.plain.books(Venue.BINANCE, 2)["XRP"]}
    world.now_ns += NS_PER_S // 2
    world.plan.add(fault("stuck_price", coins=["BTC"]))
    world.plan.add(fault("halted_coin", coins=["ETH"]))
    assert world.faulty.books(["BTC", "ETH"]) == {"BTC": first["BTC"]}


def test_a_coin_that_is_halted_from_the_start_has_the_book_it_was_halted_with():
    world = World(Venue.BINANCE, fault("halted_coin", coins=["BTC"]))
    assert "BTC" in world.at(0)[0]
    assert "BTC" not in world.at(1)[0]


def test_a_changed_tick_and_lot_are_the_books():
    changed = fault("changed_rules", coins=["BTC"], tick=Decimal(10), lot=Decimal("0.1"))
    books, _ = World(Venue.BINANCE, changed).at(1)
    for level in (*books["BTC"].bids, *books["BTC"].asks):
        assert level.price % 10 == 0
        assert level.quantity % Decimal("0.1") == 0


def test_the_newest_rule_counts_field_by_field():
    world = World(
        Venue.BINANCE,
        fault("changed_rules", coins=["BTC"], tick=Decimal(10), min_notional=Decimal(50)),
        fault("changed_rules", coins=["BTC", "ETH"], tick=Decimal(1)),
    )
    assert rules_of(world.plan, "BTC") == {"tick": 1, "min_notional": 50}
    assert rules_of(world.plan, "XRP") == {}


def test_a_misplaced_decimal_is_shown_and_not_traded_at():
    world = World(Venue.UPBIT, fault("misplaced_decimal", factor=Decimal("0.1"), coins=["BTC"]))
    books, plain = world.at(1)
    assert books == plain
    told = shown(world.plan, "BTC", books["BTC"])
    assert told.bids[0].price * 10 == plain["BTC"].bids[0].price
    assert shown(world.plan, "ETH", books["ETH"]) == plain["ETH"]


def test_what_struck_is_counted():
    world = World(Venue.BINANCE, fault("thin_book", factor=Decimal("0.5"), coins=["BTC"]))
    for step in range(3):
        world.at(step)
    assert world.plan.struck == {"thin_book": 3}
    assert world.plan.listing()[0].strikes == 3
