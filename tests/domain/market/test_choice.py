"""Which coins are taken of those that both venues list."""

from decimal import Decimal

from arb.domain.market.choice import ListedCoin, choose, is_believable
from arb.domain.market.ids import Coin


def listed(**turnovers):
    return [
        ListedCoin(coin=Coin(name), turnover_krw=None if amount is None else Decimal(amount))
        for name, amount in turnovers.items()
    ]


def test_those_of_the_greatest_turnover_are_taken_and_the_others_named_with_why():
    found = choose(listed(AAA=5, BBB=9, CCC=7, DDD=None), (), 2, 11)
    assert (found.coins, found.chosen_at_ns) == (("BBB", "CCC"), 11)
    assert found.left_out.keys() == {"AAA", "DDD"}
    assert all("no room: 2 coins are fed" in why for why in found.left_out.values())


def test_where_nobody_tells_a_turnover_the_alphabet_decides():
    assert choose(listed(CCC=None, AAA=None, BBB=1), (), 2, 0).coins == ("BBB", "AAA")


def test_what_has_an_obstacle_takes_no_room_and_says_why():
    warned = ListedCoin(coin=Coin("BAD"), turnover_krw=Decimal(99), obstacle="upbit warns of it")
    found = choose([warned, *listed(AAA=1)], (), 5, 0)
    assert (found.coins, found.left_out) == (("AAA",), {"BAD": "upbit warns of it"})


def test_what_is_traded_stays_whatever_is_traded_more_or_warned_of_meanwhile():
    warned = ListedCoin(coin=Coin("OLD"), turnover_krw=Decimal(1), obstacle="upbit warns of it")
    found = choose([warned, *listed(NEW=99)], (Coin("OLD"),), 1, 0)
    assert found.coins == ("OLD",)


def test_what_is_delisted_makes_room():
    found = choose(listed(AAA=3, NEW=1), (Coin("AAA"), Coin("GONE")), 2, 0)
    assert (found.coins, found.left_out) == (("AAA", "NEW"), {})


def test_less_room_than_before_keeps_the_first():
    assert choose(listed(AAA=1, BBB=2), (Coin("AAA"), Coin("BBB")), 1, 0).coins == ("AAA",)


def test_more_than_half_gone_at_once_is_not_believed():
    before = (Coin("AAA"), Coin("BBB"), Coin("CCC"), Coin("DDD"))
    assert is_believable(listed(AAA=1, BBB=1), before)
    assert not is_believable(listed(AAA=1, NEW=1, NEXT=1), before)
    assert not is_believable((), before)
    assert is_believable((), ())
