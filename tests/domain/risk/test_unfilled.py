"""When entries rest because legs stay unfilled, for how long, and how they are tried again."""

from dataclasses import replace
from decimal import Decimal
from itertools import count

import pytest

from arb.domain.market.ids import Coin, TradeId, Venue
from arb.domain.market.pair import Direction
from arb.domain.risk.review import COIN, TRIAL_UNDER_WAY, Denied, Trial
from arb.domain.risk.unfilled import (
    OUTCOME_NS_MAX,
    Circuit,
    Circuits,
    CircuitStanding,
    EntryLeg,
    EntryPair,
    UnfilledRules,
    admit,
    outcome,
)
from arb.domain.time import NS_PER_HOUR, NS_PER_MINUTE, NS_PER_S
from arb.domain.trading.order import OrderState
from tests.domain.markets import PAIR

NOW_NS = 1_763_640_000_000_000_000
RULES = UnfilledRules(
    window_ns=600 * NS_PER_S,
    entries_min=3,
    share_min=Decimal("0.33"),
    coins_min=3,
    rest_ns=60 * NS_PER_S,
    rest_ns_max=3600 * NS_PER_S,
)
WELL = {Venue.UPBIT: "1", Venue.BINANCE: "1"}
LONELY = {Venue.UPBIT: "1", Venue.BINANCE: "0"}
BTC, ETH = (Coin("BTC"), Direction("sell_upbit")), (Coin("ETH"), Direction("sell_upbit"))
numbers = count(1)


def leg(venue: Venue, share: str, at_ns: int, state: OrderState | None = None, attempts: int = 1) -> EntryLeg:
    ended = OrderState.FILLED if share == "1" else OrderState.CANCELED
    return EntryLeg(
        venue=venue,
        state=state or ended,
        filled_share=Decimal(share),
        attempts=attempts,
        expires_at_ns=at_ns + 3 * NS_PER_S,
        changed_at_ns=at_ns,
    )


def entry(at_s: int, shares: dict[Venue, str] = LONELY, coin: str = "BTC", trial: int = 0) -> EntryPair:
    at_ns = NOW_NS + at_s * NS_PER_S
    return EntryPair(
        trade_id=TradeId(f"t-{next(numbers)}"),
        coin=Coin(coin),
        direction=Direction("sell_upbit"),
        opened_at_ns=at_ns,
        legs=tuple(leg(venue, share, at_ns) for venue, share in shares.items()),
        trial={COIN: trial} if trial else {},
    )


def ended(*pairs: EntryPair):
    return [outcome(pair, NOW_NS + 10 * NS_PER_HOUR) for pair in pairs]


def of_coin(*pairs: EntryPair) -> Circuit:
    return Circuits(RULES, ended(*pairs)).of_coin(BTC)


def of_binance(*pairs: EntryPair) -> Circuit:
    return Circuits(RULES, ended(*pairs)).of_venues()[Venue.BINANCE]


# how an entry went


@pytest.mark.parametrize(
    ("upbit", "binance", "unfilled", "went_well"),
    [
        ("1", "1", [], True),
        ("1", "0.95", [], True),
        ("0.4", "0.4", [], True),
        ("1", "0.5", [Venue.BINANCE], False),
        ("0", "1", [Venue.UPBIT], False),
        ("0", "0", [Venue.UPBIT, Venue.BINANCE], False),
    ],
)
def test_the_leg_with_less_is_the_unfilled_one(upbit, binance, unfilled, went_well):
    found = outcome(entry(0, {Venue.UPBIT: upbit, Venue.BINANCE: binance}), NOW_NS)
    assert [leg.venue for leg in found.unfilled] == unfilled
    assert found.went_well is went_well


def test_what_was_never_sent_and_left_nothing_alone_is_no_trouble():
    pair = replace(
        entry(0), legs=tuple(leg(venue, "0", NOW_NS, OrderState.EXPIRED, 0) for venue in PAIR.venues)
    )
    assert outcome(pair, NOW_NS).unfilled == ()


def test_a_leg_that_was_never_sent_beside_a_filled_one_is_unfilled():
    legs = (leg(Venue.UPBIT, "1", NOW_NS), leg(Venue.BINANCE, "0", NOW_NS, OrderState.EXPIRED, 0))
    assert [each.venue for each in outcome(replace(entry(0), legs=legs), NOW_NS).unfilled] == [Venue.BINANCE]


def test_what_a_kill_stopped_is_neither_well_nor_unfilled():
    legs = (leg(Venue.UPBIT, "1", NOW_NS), leg(Venue.BINANCE, "0", NOW_NS, OrderState.DENIED, 0))
    found = outcome(replace(entry(0), legs=legs), NOW_NS)
    assert found.unfilled == () and not found.went_well


def test_a_leg_of_which_nothing_is_heard_is_unfilled_after_its_lifetime():
    legs = (leg(Venue.UPBIT, "1", NOW_NS), leg(Venue.BINANCE, "0", NOW_NS, OrderState.UNKNOWN))
    pair, late_ns = replace(entry(0), legs=legs), NOW_NS + 3 * NS_PER_S + OUTCOME_NS_MAX
    assert outcome(pair, late_ns - 1) is None
    found = outcome(pair, late_ns)
    assert [leg.venue for leg in found.unfilled] == [Venue.BINANCE] and found.ended_at_ns == late_ns


# when it opens


def test_it_opens_after_a_few_unfilled_entries():
    assert of_coin(entry(0), entry(2)).level == 0
    opened = of_coin(entry(0), entry(2), entry(4))
    assert (opened.level, opened.unfilled, opened.entries) == (1, 3, 3)


def test_unfilled_entries_far_apart_do_not_add_up():
    assert of_coin(entry(0), entry(601), entry(1202)).level == 0


@pytest.mark.parametrize(("well_between", "level"), [(1, 1), (2, 1), (5, 0)])
def test_few_unfilled_ones_among_many_do_not_open_it(well_between, level):
    pairs = [entry(2 * number, WELL if number % (well_between + 1) else LONELY) for number in range(30)]
    assert of_coin(*pairs).level == level


def test_a_venue_rests_where_several_coins_show_it():
    pairs = [entry(number, coin=coin) for number, coin in enumerate(("BTC", "ETH", "XRP"))]
    assert of_binance(*pairs).coins == ("BTC", "ETH", "XRP")
    assert Circuits(RULES, ended(*pairs)).of_venues()[Venue.UPBIT].level == 0


def test_one_coin_alone_is_no_trouble_of_its_venue():
    assert of_binance(*(entry(number) for number in range(9))).level == 0


def test_coins_that_do_well_keep_their_venue_open():
    bad = [entry(number, coin=coin) for number, coin in enumerate(("BTC", "ETH", "XRP"))]
    good = [entry(number, WELL, coin="SOL") for number in range(-20, 0)]
    assert of_binance(*good, *bad).level == 0


# how long it rests


@pytest.mark.parametrize(
    ("level", "minutes"), [(1, 1), (2, 2), (3, 4), (4, 8), (6, 32), (7, 60), (8, 60), (10**9, 60)]
)
def test_it_rests_twice_as_long_each_time_up_to_a_ceiling(level, minutes):
    assert RULES.rest(level) == minutes * NS_PER_MINUTE


def test_each_trial_that_fails_has_it_rest_longer():
    pairs = [entry(0), entry(2), entry(4), entry(64, trial=1)]
    circuit = of_coin(*pairs)
    assert circuit.level == 2
    assert circuit.rests(RULES, NOW_NS + 183 * NS_PER_S) and not circuit.rests(RULES, NOW_NS + 184 * NS_PER_S)


def test_a_trial_tells_the_level_when_what_opened_it_is_long_ago():
    assert of_coin(entry(0, trial=6)).level == 7


def test_entries_that_were_under_way_prolong_the_rest_and_no_more():
    circuit = of_coin(entry(0), entry(2), entry(4), entry(5))
    assert (circuit.level, circuit.failed_at_ns) == (1, NOW_NS + 5 * NS_PER_S)


def test_an_ordinary_entry_that_went_well_does_not_close_it():
    assert of_coin(entry(0), entry(2), entry(4), entry(5, WELL)).level == 1


def test_a_rest_that_lies_ahead_began_before_the_clock_was_set_back():
    assert not of_coin(entry(0), entry(2), entry(4)).rests(RULES, NOW_NS - NS_PER_HOUR)


# how it closes


def test_a_trial_with_both_legs_filled_closes_it():
    assert of_coin(entry(0), entry(2), entry(4), entry(64, WELL, trial=1)).level == 0


def test_what_fills_small_and_not_large_rests_longer_each_time():
    pairs = [entry(0), entry(2), entry(4), entry(64, WELL, trial=1), entry(66)]
    assert of_coin(*pairs).level == 2
    assert of_coin(*pairs, entry(190, WELL, trial=2), entry(192)).level == 3


def test_after_two_rests_that_went_well_it_is_forgotten():
    pairs = [entry(0), entry(2), entry(4), entry(64, WELL, trial=1), entry(64 + 121)]
    assert of_coin(*pairs).level == 0


def test_the_order_of_reading_changes_nothing():
    pairs = [entry(0), entry(2), entry(4), entry(64, WELL, trial=1), entry(66)]
    assert of_coin(*reversed(pairs)) == of_coin(*pairs)


# what is let through


def standing(*, known=None, under_way=(), of_coin=None, **venues) -> CircuitStanding:
    return CircuitStanding(
        way=BTC,
        of_coin=of_coin or Circuit(),
        of_venues={venue: venues.get(venue.value, Circuit()) for venue in PAIR.venues},
        newest_ns=known or {},
        under_way=frozenset(under_way),
    )


def opened(level: int) -> Circuit:
    return Circuit(level=level, failed_at_ns=NOW_NS, leg=leg(Venue.BINANCE, "0", NOW_NS))


LATER_NS = NOW_NS + NS_PER_MINUTE
KNOWN = {BTC: NOW_NS - 5, ETH: NOW_NS - 1}


def test_nothing_is_held_back_while_all_is_closed():
    assert admit(standing(known=KNOWN, under_way=[BTC, ETH]), RULES, NOW_NS) is None


def test_a_coin_that_rests_is_refused_by_venue_and_side():
    assert admit(standing(of_coin=opened(1)), RULES, LATER_NS - 1) == Denied("unfilled_binance_buy")


def test_a_venue_that_rests_is_refused_for_every_coin():
    assert admit(standing(binance=opened(1)), RULES, LATER_NS - 1) == Denied("unfilled_binance")


def test_after_the_rest_one_small_pair_is_tried():
    found = admit(standing(of_coin=opened(1), known=KNOWN, under_way=[ETH]), RULES, LATER_NS)
    assert found == Trial(levels={COIN: 1}, newest_ns=NOW_NS - 5)


def test_a_trial_of_a_venue_is_the_only_one_of_all_coins():
    found = admit(standing(binance=opened(1), known=KNOWN), RULES, LATER_NS)
    assert found == Trial(levels={"binance": 1}, newest_ns=NOW_NS - 1)
    assert admit(standing(binance=opened(1), under_way=[ETH]), RULES, LATER_NS) == Denied(TRIAL_UNDER_WAY)


def test_no_second_pair_is_tried_beside_the_first():
    assert admit(standing(of_coin=opened(1), under_way=[BTC]), RULES, LATER_NS) == Denied(TRIAL_UNDER_WAY)


def test_a_trial_is_taken_once_anybody_opened_one():
    trade = entry(0)
    trial = Trial(levels={COIN: 1}, newest_ns=5)
    assert not trial.is_taken(trade, {BTC: 5})
    assert trial.is_taken(trade, {BTC: 6})
    assert not trial.is_taken(trade, {ETH: 6})
    assert Trial(levels={"upbit": 1}, newest_ns=5).is_taken(trade, {ETH: 6})


def test_entries_are_added_as_they_end_with_the_same_result():
    pairs = [entry(0), entry(2), entry(4), entry(64, WELL, trial=1), entry(66), entry(190, trial=2)]
    step_by_step = Circuits(RULES)
    for each in ended(*pairs):
        assert step_by_step.are_before([each])
        step_by_step.add_all([each])
    assert not step_by_step.are_before(ended(pairs[0]))
    assert step_by_step.of_coin(BTC) == of_coin(*pairs)


def test_an_entry_from_before_the_clock_was_set_back_is_under_way_no_longer():
    pair = entry(0)
    legs = tuple(replace(each, state=OrderState.UNKNOWN) for each in pair.legs)
    pair = replace(pair, legs=legs)
    for ahead_ns, is_over in ((NS_PER_S, False), (-NS_PER_S // 4, False), (-NS_PER_HOUR, True)):
        assert (outcome(pair, NOW_NS + ahead_ns) is not None) is is_over
