"""Whatever is sent leaves behind what it was decided on."""

from decimal import Decimal

from arb.adapters.memory.venue import Trouble
from arb.domain.market.ids import Venue
from arb.domain.trading.order import Purpose
from tests.engine.testbed import EngineTestbed
from tests.known_losses.helpers import go_on, orders, trades


def test_each_exit_keeps_the_books_that_it_was_decided_on():
    testbed = EngineTestbed()
    go_on(testbed, for_ms=300, step_ms=300, quoting=lambda: testbed.premium(60))
    go_on(testbed, for_ms=3_000, step_ms=300, quoting=lambda: testbed.premium(3))
    [trade] = trades(testbed)
    exits = orders(testbed, Purpose.EXIT)
    [(at_ns, facts)] = testbed.tables.decided_later[trade.trade_id].items()
    assert {each.created_at_ns for each in exits} == {at_ns}
    assert (facts["action"], facts["reason"]) == ("close", trade.reason)
    assert (facts["quote_age_ms_max"], facts["rate_age_ms_max"]) == ("2000", "5000")
    assert (facts["rate_bid"], facts["rate_ask"]) == ("1399", "1401")
    for order in exits:
        best = Decimal(facts[f"{order.venue}_{'ask' if order.side.sign > 0 else 'bid'}"])
        assert (order.limit_price - best) * order.side.sign >= 0


def test_a_repair_keeps_the_book_of_its_venue():
    testbed = EngineTestbed()
    testbed.venues[Venue.BINANCE].troubles.append(Trouble.REJECTED)
    go_on(testbed, for_ms=3_000, step_ms=300, quoting=lambda: testbed.premium(60))
    for repair in orders(testbed, Purpose.REPAIR):
        facts = testbed.tables.decided_later[repair.trade_id][repair.created_at_ns]
        assert facts["action"] == "repair"
        assert f"{repair.venue}_bid" in facts
    assert orders(testbed, Purpose.REPAIR)
