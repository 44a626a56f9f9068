"""Candles over HTTP."""

import pytest


@pytest.mark.parametrize("span", ["minutes/1", "minutes/60", "days", "weeks", "months", "years", "seconds"])
def test_candles_have_the_documented_fields(upbit, span):
    (row,) = upbit.public(f"/v1/candles/{span}", market="KRW-BTC").json
    assert row["low_price"] <= min(row["opening_price"], row["trade_price"]) <= row["high_price"]
    assert row["candle_acc_trade_price"] > row["candle_acc_trade_volume"] > 0
    assert row["candle_date_time_kst"] != row["candle_date_time_utc"]
    assert ("unit" in row) == span.startswith("minutes")
    assert ("prev_closing_price" in row) == (span == "days")
    assert ("first_day_of_period" in row) == (span in ("weeks", "months", "years"))
    assert row["candle_date_time_utc"].startswith(row.get("first_day_of_period", ""))


def test_to_is_exclusive_and_count_is_kept(upbit):
    (row,) = upbit.public("/v1/candles/minutes/1", market="KRW-BTC", count=1).json
    before = upbit.public(
        "/v1/candles/minutes/1", market="KRW-BTC", to=row["candle_date_time_utc"], count=200
    )
    assert row["candle_date_time_utc"] not in [each["candle_date_time_utc"] for each in before.json]
    for parameters, status in (
        ({"market": "KRW-BTC", "count": 201}, 400),
        ({"market": "KRW-BTC", "to": "yesterday"}, 400),
        ({"market": "KRW-NOPE"}, 404),
        ({}, 400),
    ):
        assert upbit.public("/v1/candles/minutes/1", **parameters).status == status
    assert upbit.public("/v1/candles/minutes/7", market="KRW-BTC").status == 404
