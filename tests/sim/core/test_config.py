"""The configuration says clearly what is wrong with it."""

from decimal import Decimal

import pytest

from arb.domain.market.ids import Venue
from arb.sim.__main__ import main
from arb.sim.core.config import SimConfigError, load_config, parse_config
from tests.sim.core.worlds import config

CONTRACT = b"""{"seed":42,"epoch_ns":1700000000000000000,"step_ms":100,
 "coins":{"BTC":{"price_usdt":"90000","volatility_bps":"1.5"},"NEW":{"price_usdt":"0.5"}},"usdt_krw":"1400",
 "premium":{"mean_bps":"0","stdev_bps":"60","half_life_s":"1.5"},"tape":null,"speed":"3000",
 "credentials":{"binance":{"key":"a","secret":"b"},"upbit":{"key":"c","secret":"d"}},
 "balances":{"binance":{"USDT":"1000000","BTC":"10"},"upbit":{"KRW":"1400000000"}},
 "fees_bps":{"binance":"10","upbit":"5"},"latency_ms":{"order":[2,10]},
 "faults":{"binance":[{"kind":"reject","probability":0.5}],"upbit":[]}}"""


def test_every_documented_key_is_read():
    made = parse_config(CONTRACT)
    bitcoin, new = made.coin_table()
    assert bitcoin.price_usdt == 90_000
    assert new.price_usdt == Decimal("0.5") and new.tick_usdt == Decimal("0.000001")
    assert made.opening(Venue.BINANCE) == {"USDT": Decimal(1_000_000), "BTC": Decimal(10)}
    assert made.latency_ms.order == (2, 10)
    assert made.faults[Venue.BINANCE][0].probability == 0.5
    assert made.speed_factor() == 3_000


def test_a_venue_that_is_not_named_has_defaults():
    made = config(balances={"upbit": {"KRW": "5"}}, fees_bps={"upbit": "1"})
    assert made.opening(Venue.UPBIT) == {"KRW": 5}
    assert made.fee_bps(Venue.UPBIT) == 1
    for venue in set(Venue) - {Venue.UPBIT}:
        assert made.opening(venue)[venue.quote] > 0
        assert made.fee_bps(venue) > 0
    assert len({made.credential(venue).key for venue in Venue}) == len(Venue)


def test_coins_may_be_a_list_of_names():
    assert [coin.name for coin in config(coins=["ETH", "BTC"]).coin_table()] == ["ETH", "BTC"]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"sed": 1}, "sed"),
        ({"epoch_ns": 0}, "epoch_ns"),
        ({"step_ms": 0}, "step_ms"),
        ({"coins": []}, "coins"),
        ({"coins": ["nope!"]}, "A-Z"),
        ({"coins": ["USDT"]}, "USDT"),
        ({"coins": [f"C{number}" for number in range(501)]}, "500"),
        ({"usdt_krw": "-1"}, "usdt_krw"),
        ({"usdt_krw": "many"}, "usdt_krw"),
        ({"speed": "fast"}, "speed"),
        ({"premium": {"half_life_s": "0"}}, "half_life_s"),
        ({"latency_ms": {"order": [5, 1]}}, "latency_ms"),
        ({"faults": {"binance": [{"kind": "earthquake"}]}}, "earthquake"),
        ({"fees_bps": {"nowhere": "1"}}, "nowhere"),
    ],
)
def test_bad_value_is_refused_by_name(changes, place):
    with pytest.raises(SimConfigError, match=place) as refused:
        config(**changes)
    assert "\n" not in str(refused.value)


def test_missing_file_and_bad_json_end_with_one_line_and_code_2(tmp_path, capsys):
    broken = tmp_path / "sim.json"
    broken.write_text("{")
    for path in (broken, tmp_path / "absent.json"):
        with pytest.raises(SimConfigError):
            load_config(path)
        code = main(["binance", "--config", str(path), "--port", "1"], {"binance": lambda: None})
        message = capsys.readouterr().err
        assert code == 2
        assert message.count("\n") == 1 and path.name in message
