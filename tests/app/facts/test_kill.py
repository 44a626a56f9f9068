"""What `arb kill` did, in words and as JSON."""

from decimal import Decimal

from arb.app.facts.kill import kill_document, kill_text
from arb.domain.market.ids import ClientOrderId, Symbol, Venue, VenueOrderId
from arb.domain.market.instrument import Side
from arb.domain.trading.external import ListedOrder
from arb.domain.trading.order import OrderState
from arb.engine.kill.kill import KillReport

ORDER = ListedOrder(
    venue=Venue.UPBIT,
    symbol=Symbol("KRW-BTC"),
    client_order_id=ClientOrderId("ours"),
    venue_order_id=VenueOrderId("uuid"),
    side=Side.BUY,
    status=OrderState.ACCEPTED,
    executed=Decimal(0),
)


def test_all_that_is_left_for_the_operator_is_named() -> None:
    report = KillReport(
        reason="storm",
        switched_ms=3,
        cancelled=(ORDER,),
        unresolved=("in-doubt",),
        handed_over=("trade-1",),
        problems=("the database is away",),
    )
    text = kill_text(report)
    assert text.startswith("killed: storm\n  nothing new sent after    3 ms\n  no new intents after      -\n")
    for expected in (
        "cancelled: ",
        "order in-doubt",
        "trade trade-1",
        "could not be done: the database is away",
    ):
        assert expected in text
    assert not kill_document(report)["complete"]


def test_the_document_has_an_order_by_its_names() -> None:
    document = kill_document(KillReport(reason="storm", foreign=(ORDER,)))
    assert document["complete"]
    assert document["foreign"] == [
        {
            "venue": "upbit",
            "symbol": "KRW-BTC",
            "client_order_id": "ours",
            "venue_order_id": "uuid",
            "side": ORDER.side.value,
        }
    ]
