"""Mock mode reaches no real exchange, whatever it is given; real keys leave for none but live mode's."""

from pathlib import Path

import pytest
import yaml

from arb.adapters.local.clock import SystemClock, SystemEntropy
from arb.app.venues import real_clients
from arb.domain.errors import ConfigError, Fatal
from arb.domain.market.ids import Venue
from arb.stack.home import Home
from config.sections import BithumbFact
from config.settings import LIVE_LIMITS, load

KEYS = {
    f"ARB_{venue}__CREDENTIALS__{part}": f"real-{venue}-{part}"
    for venue in ("BINANCE", "UPBIT")
    for part in ("KEY", "SECRET")
}
MADE_UP = {"key": "made-up", "secret": "made-up"}


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


def settings(home, mode=None, **environ):
    return load(mode, {"ARB_HOME": str(home.path), **environ})


@pytest.fixture
def mock_stack(home, monkeypatch):
    """What `arb up` wrote into a home whose supervisor runs."""
    home.create()
    venue = {"rest_url": "http://127.0.0.1:9001", "credentials": MADE_UP}
    home.write_settings({"mode": "mock", "binance": venue, "upbit": venue})
    monkeypatch.setattr("arb.stack.home.answers", lambda _: True)


@pytest.mark.parametrize("venue", [venue.value for venue in Venue])
@pytest.mark.parametrize("address", ["rest_url", "stream_url", "user_stream_url"])
@pytest.mark.parametrize(
    "host",
    [
        "api.binance.com", "api1.binance.com:443", "data-api.binance.vision", "api.binance.us",
        "api.bithumb.com", "ws-api.bithumb.com",
        "api.upbit.com", "sg-api.upbit.com", "localhost@api.upbit.com", "API.UPBIT.COM", "api.upbit.com.",
        "8.8.8.8", "[2600::1]",
    ],
)  # fmt: skip
def test_mock_mode_refuses_what_may_be_a_real_exchange(home, venue, address, host):
    variable = f"ARB_{venue.upper()}__{address.upper()}"
    with pytest.raises(ConfigError, match=rf"^{venue}\.{address}: .*{variable}") as refusal:
        settings(home, "mock", **{variable: f"https://{host}/v1"})
    assert len(str(refusal.value).splitlines()) == 1


@pytest.mark.parametrize("url", ["api.upbit.com", "https://", "http://[::1", ""])
def test_mock_mode_refuses_what_is_no_address(home, url):
    with pytest.raises(ConfigError, match=r"^upbit\.rest_url: "):
        settings(home, "mock", ARB_UPBIT__REST_URL=url)


def test_a_file_written_for_live_does_not_trade_in_the_default_mode(home, tmp_path):
    file = tmp_path / "live.yml"
    file.write_text("binance:\n  rest_url: https://api-gcp.binance.com\n")
    with pytest.raises(ConfigError, match=r"^binance\.rest_url: .*api-gcp\.binance\.com.*ARB_MODE"):
        settings(home, ARB_CONFIG=str(file), **KEYS)
    assert settings(home, "paper", ARB_CONFIG=str(file)).binance.rest_url == "https://api-gcp.binance.com"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:9001", "127.3.2.1", "[::1]:9001", "localhost", "10.0.0.5", "172.20.0.3", "192.168.1.9",
        "100.64.0.2", "[fd00::7]", "sim-binance:9001", "sim.arb.svc.cluster.local", "sim.internal",
    ],
)  # fmt: skip
def test_mock_mode_takes_hosts_that_can_only_be_ours(home, host):
    found = settings(home, "mock", ARB_BINANCE__REST_URL=f"http://{host}")
    assert found.binance.rest_url == f"http://{host}"


def test_mock_mode_stands_on_its_own_settings(home):
    assert settings(home).binance.rest_url == "http://sim-binance:9001"


@pytest.mark.usefixtures("mock_stack")
def test_a_mock_stack_signs_with_the_keys_made_up_for_it(home):
    found = settings(home, **KEYS)
    for venue in (found.binance, found.upbit):
        assert venue.rest_url == "http://127.0.0.1:9001"
        assert {part: text.get_secret_value() for part, text in venue.credentials} == MADE_UP


@pytest.mark.usefixtures("mock_stack")
def test_a_mock_stack_does_not_let_its_addresses_be_bent_to_a_real_exchange(home):
    with pytest.raises(ConfigError, match=r"^upbit\.rest_url: "):
        settings(home, ARB_UPBIT__REST_URL="https://api.upbit.com")


def test_simulators_in_containers_take_the_keys_that_were_chosen_for_them(home):
    assert settings(home, "mock", **KEYS).upbit.credentials.key.get_secret_value() == "real-UPBIT-KEY"


def test_paper_mode_signs_nothing(home):
    found = settings(home, "paper", **KEYS)
    assert (found.binance.credentials, found.upbit.credentials) == (None, None)
    for client in real_clients(found, SystemClock(), SystemEntropy()).values():
        with pytest.raises(Fatal, match="credentials are missing"):
            client.balances()


def test_one_venue_twice_is_no_pair(home):
    with pytest.raises(
        ConfigError, match=r"^pair: upbit is there twice: a pair needs two venues; set it"
    ) as no:
        settings(home, ARB_PAIR="upbit,upbit")
    assert "\n" not in str(no.value)


def test_a_leg_is_worth_its_notional_in_what_the_second_venue_quotes_in(home, monkeypatch):
    found = settings(home)
    assert found.leg_notional == found.strategy.notional_usdt
    monkeypatch.setattr(Venue.BINANCE, "quote", "KRW")
    assert found.leg_notional == found.strategy.notional_usdt * found.assumptions.krw_per_usdt


def test_the_page_about_live_gives_each_limit_of_ones_own_and_they_work_together(home, tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "first-evening.md").read_text()
    example = page.partition("```yaml\n")[2].partition("```")[0]
    named = {f"{section}.{key}" for section, limits in yaml.safe_load(example).items() for key in limits}
    assert named == set(LIVE_LIMITS)
    (tmp_path / "limits.yml").write_text(example)
    assert settings(home, "paper", ARB_CONFIG=str(tmp_path / "limits.yml")).risk.trades_open_max == 3


ALL_OF_THEM = ",".join(BithumbFact)


@pytest.fixture
def live(home, tmp_path, monkeypatch):
    """Return what loads live settings; all that live mode asks for of any venue is there."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".live_trading_ok").touch()
    keys = {
        f"ARB_{venue.upper()}__CREDENTIALS__{part}": "some" for venue in Venue for part in ("KEY", "SECRET")
    }
    keys |= {"ARB_UPBIT__ACCOUNT": "one", "ARB_BITHUMB__ACCOUNT": "other"}
    of_default = settings(home, "paper").model_dump()
    limits = {}
    for limit in LIVE_LIMITS:
        section, name = limit.split(".")
        limits[f"ARB_{section}__{name}".upper()] = str(of_default[section][name])
    return lambda **more: settings(home, "live", LIVE_TRADING="1", **keys, **limits, **more)


@pytest.mark.parametrize("pair", ["bithumb,binance", "upbit,bithumb"])
def test_live_on_bithumb_waits_for_what_only_a_human_can_see(live, pair):
    with pytest.raises(ConfigError, match=r"^bithumb\.confirmed: lacks ") as no:
        live(ARB_PAIR=pair)
    assert "\n" not in str(no.value)
    assert all(fact in str(no.value) for fact in BithumbFact)
    assert live(ARB_PAIR=pair, ARB_BITHUMB__CONFIRMED=ALL_OF_THEM).bithumb.confirmed == tuple(BithumbFact)


@pytest.mark.parametrize("left_out", list(BithumbFact))
def test_each_of_it_is_asked_for(live, left_out):
    seen = ",".join(fact for fact in BithumbFact if fact is not left_out)
    with pytest.raises(ConfigError, match=rf"^bithumb\.confirmed: lacks {left_out}: "):
        live(ARB_PAIR="bithumb,binance", ARB_BITHUMB__CONFIRMED=seen)


def test_what_nobody_asks_for_is_no_confirmation(live):
    with pytest.raises(ConfigError, match=r"^bithumb\.confirmed"):
        live(ARB_PAIR="bithumb,binance", ARB_BITHUMB__CONFIRMED=f"{ALL_OF_THEM},everything")


def test_a_pair_without_bithumb_needs_no_word_and_no_key_of_it(live):
    assert live().bithumb.confirmed == ()
    found = live(ARB_PAIR="upbit,binance")
    assert found.bithumb.confirmed == ()
