"""What is no list of coins, and settings that cannot work together: one line each, at once."""

import pytest

from arb.app.rules import levels_of, limits_of, strategies_of
from arb.domain.errors import ConfigError
from config.settings import Settings, load

NO_LISTS = {
    "BTC,XRP,": "empty",
    ",BTC": "empty",
    "": "empty",
    " , ": "empty",
    "btc": "as BTC",
    "Btc": "as BTC",
    "KRW-XRP": "as XRP",
    "XRP/KRW": "as XRP",
    "BTC/KRW": "as BTC",
    "XRP-USDT": "as XRP",
    "BTC-XRP": "as XRP",
    "XRPUSDT": "as XRP",
    "BTC,ETH,BTC": "BTC is there twice",
    "USDT": "USDT is what the coins are paid with",
    "BTC,KRW": "KRW is what the coins are paid with",
    "B TC": "no coin",
    "BTC;ETH": "no coin",
    "비트코인": "no coin",
    "A" * 21: "no coin",
}
CONFLICTS = {
    "strategy.converged_bps": {"STRATEGY__CONVERGED_BPS": "25"},
    "strategy.slip_bps": {"STRATEGY__SLIP_BPS": "101"},
    "strategy.slip_bps: 75": {"STRATEGY__SLIP_BPS": "75"},
    "strategy.slip_bps: 4500": {
        "STRATEGY__SLIP_BPS": "4500",
        "ORDERS__REPAIR_LOSS_BPS_MAX": "9000",
        "RISK__PRICE_BAND_BPS_MAX": "8999",
        "STRATEGY__STOP_LOSS_BPS": "8000",
    },
    "strategy.min_profit_bps": {"STRATEGY__MIN_PROFIT_BPS": "798"},
    "strategy.level_assumed_bps": {"STRATEGY__LEVEL_ASSUMED_BPS": "-800"},
    "messages.premium_bps": {"MESSAGES__PREMIUM_BPS": "800", "MESSAGES__KINDS": "premium_above"},
    "strategy.stop_loss_bps": {"STRATEGY__STOP_LOSS_BPS": "30"},
    "strategy.entry_edge_bps": {"STRATEGY__ENTRY_EDGE_BPS": "800"},
    "strategy.notional_usdt": {"STRATEGY__NOTIONAL_USDT": "7693"},
    "risk.quote_age_ms_max": {"RISK__QUOTE_AGE_MS_MAX": "2"},
    "risk.rate_age_ms_max": {"RISK__RATE_AGE_MS_MAX": "2"},
    "risk.quote_age_ms_max: 10001": {"RISK__QUOTE_AGE_MS_MAX": "10001"},
    "risk.rate_age_ms_max: 60001": {"RISK__RATE_AGE_MS_MAX": "60001"},
    "risk.orders_per_minute_max": {"RISK__ORDERS_PER_MINUTE_MAX": "1"},
    "risk.unfilled_rest_s": {"RISK__UNFILLED_REST_S": "61", "RISK__UNFILLED_REST_S_MAX": "60"},
    "orders.http_timeout_ms": {"ORDERS__HTTP_TIMEOUT_MS": "60000"},
    "orders.repair_failures_max": {"ORDERS__REPAIR_FAILURES_MAX": "41"},
    "coins": {"FEED__COINS_MAX": "4"},
}
MORE_OF_MONEY = [
    {"RISK__NOTIONAL_TOTAL_KRW_MAX": "1299999"},
    {"RISK__NOTIONAL_PER_COIN_KRW_MAX": "1299999"},
    {"RISK__LOSS_PER_TRADE_KRW_MAX": "32499"},
    {"RISK__DAILY_LOSS_KRW_MAX": "32499"},
]
OUT_OF_RANGE = [
    ("STRATEGY__SLIP_BPS", "20000"),
    ("STRATEGY__STOP_LOSS_BPS", "10000"),
    ("STRATEGY__TAKE_PROFIT_BPS", "0"),
    ("STRATEGY__ENTRY_EDGE_BPS", "-10000"),
    ("ORDERS__REPAIR_LOSS_BPS_MAX", "10000"),
    ("RISK__PREMIUM_BPS_ABS_MAX", "9000"),
    ("RISK__PRICE_BAND_BPS_MAX", "9000"),
    ("RISK__SPREAD_BPS_MAX", "9000"),
    ("RISK__RATE_MOVE_BPS_MAX", "9000"),
    ("UPBIT__TAKER_FEE_BPS", "10000"),
    ("BINANCE__TAKER_FEE_BPS", "10000"),
    ("ASSUMPTIONS__SPREAD_BPS", "10000"),
    ("RECORD__NEAR_BPS", "10000"),
    ("SIM__PREMIUM_STDEV_BPS", "10000"),
    ("STRATEGY__NOTIONAL_USDT", "Infinity"),
    ("STRATEGY__NOTIONAL_USDT", "NaN"),
]


def read(mode: str = "paper", **variables: str) -> Settings:
    return load(mode, {"ARB_HOME": "/nowhere", **{f"ARB_{name}": text for name, text in variables.items()}})


def refusal(**variables: str) -> str:
    with pytest.raises(ConfigError) as raised:
        read(**variables)
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize(("text", "told"), NO_LISTS.items())
def test_what_is_no_list_of_coins_is_refused_with_what_is_wrong(text: str, told: str):
    line = refusal(COINS=text)
    assert line.startswith("coins: ")
    assert told in line


@pytest.mark.parametrize(
    "line", ["coins: BTC,XRP,", "coins: BTC", "pair: upbit,binance", "messages: {kinds: x}"]
)
def test_text_where_a_file_should_have_a_list_is_told_how_a_list_is_written(tmp_path, line: str):
    (tmp_path / "own.yml").write_text(line)
    told = refusal(CONFIG=str(tmp_path / "own.yml"))
    assert told.startswith(line.partition(":")[0])
    assert "is no list, which in a file is [one, other]" in told


def test_all_stands_for_no_names_and_is_written_as_all():
    found = read(COINS="all")
    assert (found.coins, found.traded, found.model_dump()["coins"]) == ((), (), "all")
    assert found.model_copy(update={"chosen": ("XRP",)}).traded == ("XRP",)


def test_all_beside_names_is_refused():
    assert "all stands alone" in refusal(COINS="all,BTC")


def test_a_coin_may_have_settings_of_its_own_where_all_are_traded():
    assert read(COINS="all", COINS_SETTINGS__XRP__NAME="fixed").of_coin("XRP").strategy.name == "fixed"


def test_spaces_between_coins_and_names_with_digits_are_fine():
    assert read(COINS=" BTC, 1INCH ,XRP").coins == ("BTC", "1INCH", "XRP")


@pytest.mark.parametrize("mode", ["mock", "paper"])
def test_the_defaults_work_together(mode: str):
    assert read(mode).coins


@pytest.mark.parametrize(("key", "variables"), CONFLICTS.items())
def test_settings_that_cannot_work_together_are_refused_by_name(key: str, variables: dict[str, str]):
    with pytest.raises(ConfigError, match=rf"^{key}[: ]"):
        read("mock", **variables)


@pytest.mark.parametrize("variables", MORE_OF_MONEY)
def test_a_size_above_any_of_its_ceilings_is_refused(variables: dict[str, str]):
    line = refusal(**variables)
    assert line.startswith("strategy.notional_usdt: 1000 makes ")
    assert next(iter(variables)).lower().replace("__", ".") in line


@pytest.mark.parametrize("size", ["5", "5.01", "6.24"])
def test_a_size_without_room_above_the_venues_minimums_is_refused(size: str):
    assert "set at least 6.25" in refusal(STRATEGY__NOTIONAL_USDT=size)
    assert read(STRATEGY__NOTIONAL_USDT="6.25").strategy.notional_usdt


@pytest.mark.parametrize(("name", "text"), OUT_OF_RANGE)
def test_a_value_that_no_market_knows_is_refused(name: str, text: str):
    assert f"ARB_{name}" in refusal(**{name: text})


def test_a_paper_account_has_no_debt_and_no_third_venue(tmp_path):
    for text, told in (
        ("{upbit: {KRW: '-1'}}", "paper.balances.upbit.KRW"),
        ("{kraken: {EUR: '1'}}", "kraken is no"),
    ):
        own = tmp_path / "own.yml"
        own.write_text(f"paper: {{balances: {text}}}\n")
        assert told in refusal(CONFIG=str(own))


def paper(tmp_path, text):
    own = tmp_path / "own.yml"
    own.write_text(text)
    return load("paper", {"ARB_HOME": str(tmp_path), "ARB_CONFIG": str(own)})


def test_a_coin_has_what_is_said_of_it_and_else_what_all_have(tmp_path):
    found = paper(tmp_path, 'coins_settings: {XRP: {min_profit_bps: "12"}, ADA: {name: fixed}}')
    assert [found.of_coin(coin).strategy.min_profit_bps for coin in ("BTC", "XRP", "ADA")] == [6, 12, 6]
    assert [found.of_coin(coin).strategy.name for coin in ("BTC", "XRP", "ADA")] == ["pair", "pair", "fixed"]
    assert found.of_coin("XRP").risk == found.risk
    strategies = strategies_of(found, levels_of(found))
    assert strategies.of("XRP").rules.min_profit_bps == 12
    assert strategies.of("BTC").rules.min_profit_bps == 6
    assert strategies.of("ADA").edge_bps_min == 25
    assert limits_of(found).entry_edge_bps_min == strategies.usual.edge_bps_min


def test_a_variable_may_name_a_coin_in_small_letters(tmp_path):
    environ = {"ARB_HOME": str(tmp_path), "ARB_COINS_SETTINGS__XRP__MIN_PROFIT_BPS": "12"}
    assert load("paper", environ).of_coin("XRP").strategy.min_profit_bps == 12


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{DOGE: {min_profit_bps: '9'}}", "coins_settings.DOGE: is not in coins"),
        ("{XRP: {min_profit_bps: '-9'}}", "coins_settings.XRP.min_profit_bps: "),
        ("{XRP: {name: best}}", "coins_settings.XRP.name: "),
        ("{XRP: {notional_usdt: '9'}}", "coins_settings: notional_usdt of XRP is none of "),
        ("{XRP: {holding_s_max: 99999999}}", "coins_settings.XRP: strategy.holding_s_max: "),
        ("{XRP: 3}", "coins_settings.XRP: "),
    ],
)
def test_what_cannot_be_of_a_coin_is_one_line(tmp_path, text, said):
    with pytest.raises(ConfigError) as refusal:
        paper(tmp_path, f"coins_settings: {text}")
    assert str(refusal.value).startswith(said)
    assert len(str(refusal.value).splitlines()) == 1
