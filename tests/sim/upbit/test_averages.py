"""The average price of what was bought."""

from decimal import Decimal

import pytest

from arb.sim.core.events import OrderFilled
from arb.sim.core.journal import Recorded
from arb.sim.core.orders import OrderSide, Status
from arb.sim.krw.averages import Averages


def fill(side, price, quantity, coin="BTC"):
    event = OrderFilled(
        number=1, fill_id="f", order_id="o", client_id="c", coin=coin, symbol="KRW-" + coin,
        side=OrderSide(side), price=Decimal(price), quantity=Decimal(quantity),
        fee=Decimal(0), fee_asset="KRW", maker=False,
        held_after=Decimal(0), status=Status.FILLED,
    )  # fmt: skip
    return Recorded(1, 1, event)


@pytest.mark.parametrize(
    ("fills", "average"),
    [
        ([], 0),
        ([("BUY", 100, 1)], 100),
        ([("BUY", 100, 1), ("BUY", 200, 3)], 175),
        ([("BUY", 100, 1), ("BUY", 200, 3), ("SELL", 500, 2)], 175),
        ([("BUY", 100, 1), ("SELL", 90, 1)], 0),
        ([("SELL", 90, 5), ("BUY", 100, 1)], 100),
    ],
)
def test_buying_mixes_and_selling_leaves_the_average_alone(fills, average):
    averages = Averages(fill(*each) for each in fills)
    assert averages.of("BTC") == average
    assert averages.of("XRP") == 0


def test_accounts_show_the_average_of_what_was_bought(upbit):
    before = {row["currency"]: row["avg_buy_price"] for row in upbit.get("/v1/accounts").json}
    assert before["XRP"] == "0"
    row = upbit.book("KRW-XRP")[0]
    placed = upbit.limit("bid", row["ask_price"], "10", "KRW-XRP", time_in_force="ioc").json
    upbit.settled(placed["uuid"])
    after = {row["currency"]: row["avg_buy_price"] for row in upbit.get("/v1/accounts").json}
    assert Decimal(after["XRP"]) == row["ask_price"]
