"""What is wrong with thresholds and alert addresses is one line at the start that names the key."""

import pytest

from arb.domain.errors import ConfigError
from arb.domain.health.judge import Worse
from config.settings import load

# apprise imports it where Python still has it
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


def wrong(tmp_path, **environ: str) -> str:
    with pytest.raises(ConfigError) as raised:
        load("mock", {"ARB_HOME": str(tmp_path), **environ})
    return str(raised.value)


def test_the_defaults_are_those_that_were_asked_for(tmp_path):
    settings = load("paper", {"ARB_HOME": str(tmp_path)})
    rules = {**settings.watchdog.rules(), **settings.sys_monitor.rules()}
    expected = {
        "ws_lag_ms": (2_000, 5_000),
        "redis_heartbeat_age_ms": (15_000, 30_000),
        "loop_latency_ms": (2_000, 5_000),
        "cpu_pct": (75, 90),
        "rss_mb": (1_536, 2_048),
    }
    assert {name: (rules[name].warn, rules[name].limit) for name in expected} == expected
    assert rules["safety_rejections_per_minute"].limit == 10
    assert rules["live_errors_per_minute"].limit == 5
    assert rules["disk_free_mb"].worse is Worse.BELOW
    assert settings.sys_monitor.sample_interval_sec == 30
    assert settings.alerts.quiet_sec == 300


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("watchdog.ws_lag_warn_threshold_ms", "6000"),
        ("sys_monitor.cpu_warn_threshold_pct", "95"),
        ("sys_monitor.disk_free_warn_threshold_mb", "100"),
        ("watchdog.max_ws_lag_ms", "0"),
        ("watchdog.max_wslag_ms", "5000"),
        ("sys_monitor.sample_interval_sec", "31"),
        ("degradation.load_pct", "300, 200, 400"),
        ("degradation.disk_free_mb", "100, 200, 300"),
        ("degradation.margin_pct", "0"),
    ],
)
def test_one_line_names_the_key(tmp_path, key, value):
    text = wrong(tmp_path, **{"ARB_" + key.upper().replace(".", "__"): value})
    assert text.startswith(f"{key}: ")
    assert "\n" not in text


def test_a_simulated_market_is_refused_more_often_before_it_is_alarmed(tmp_path):
    rules = load("mock", {"ARB_HOME": str(tmp_path)}).watchdog.rules()
    assert rules["safety_rejections_per_minute"].limit == 300
    assert rules["live_errors_per_minute"].limit == 5


def test_a_limit_below_its_warning_names_the_warning(tmp_path):
    text = wrong(tmp_path, ARB_WATCHDOG__MAX_WS_LAG_MS="1000")
    assert text.startswith("watchdog.ws_lag_warn_threshold_ms: ")


def test_an_alert_address_that_nobody_knows_is_named_by_its_place_and_scheme_alone(tmp_path):
    text = wrong(tmp_path, ARB_ALERTS__URLS="json://127.0.0.1:1/hook, bogus://marker-token@host")
    assert text == "alerts.urls[1]: apprise knows no such bogus:// address, see its list of services"


def test_only_a_full_disk_is_borne(tmp_path):
    settings = load("mock", {"ARB_HOME": str(tmp_path)})
    rules = {**settings.watchdog.rules(), **settings.sys_monitor.rules()}
    assert [name for name, rule in rules.items() if rule.borne] == ["disk_free_mb"]


def test_marks_come_from_the_environment_with_commas(tmp_path):
    settings = load("mock", {"ARB_HOME": str(tmp_path), "ARB_DEGRADATION__LOAD_PCT": "1, 2, 3"})
    assert [int(mark) for mark in settings.degradation.gauges()["load_pct"].marks] == [1, 2, 3]
    assert settings.degradation.gauges()["disk_free_mb"].worse is Worse.BELOW
