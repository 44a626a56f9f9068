"""`arb messages` from outside: a test that arrives by TLS, and addresses that are wrong."""

import json
import shutil

import pytest

from tests.adapters.alerts.messengers import DISCORD_URL, SECRETS, TELEGRAM_URL, Messengers
from tests.cli.command import arb


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl to make a certificate with")
def test_a_test_message_arrives_at_telegram_and_discord(tmp_path):
    with Messengers(authority=str(tmp_path)) as served:
        urls = f"{TELEGRAM_URL},{DISCORD_URL}"
        said = arb(tmp_path, "messages", "test", "--json", ARB_ALERTS__URLS=urls, **served.environ())
    assert (said.returncode, served.refused) == (0, [])
    assert json.loads(said.stdout)["channels"] == [{"name": "apprise", "ok": True, "reason": ""}]
    assert "arb mock: a test" in str(served.telegram)
    assert "arb mock: a test" in str(served.discord)


def test_a_messenger_that_does_not_answer_fails_without_its_secrets(tmp_path):
    away = {"HTTPS_PROXY": "http://127.0.0.1:1", "https_proxy": "http://127.0.0.1:1"}
    said = arb(tmp_path, "messages", "test", ARB_ALERTS__URLS=TELEGRAM_URL, **away)
    assert said.returncode == 1
    assert "apprise: not taken by tgram (1)" in said.stdout
    assert not [secret for secret in SECRETS if secret in said.stdout + said.stderr]


def test_without_an_address_it_says_where_one_goes(tmp_path):
    said = arb(tmp_path, "messages", "test")
    assert said.returncode == 0
    assert "set alerts.urls or alerts.webhook_url" in said.stdout
    assert "told are day_summary, inventory_low, rules_changed, and alerts" in said.stdout


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        ({"ARB_ALERTS__URLS": "tgram://markersecret"}, "alerts.urls[0]: the bot_token is missing"),
        ({"ARB_MESSAGES__KINDS": "trade_closed, trade_close"}, "messages.kinds: "),
        ({"ARB_MESSAGES__DAY_ZONE": "Asia/Soul"}, "messages.day_zone: no such zone is known here"),
        ({"ARB_MESSAGES__PREMIUM_BPS": "0"}, "messages.premium_bps: "),
    ],
)
def test_settings_that_are_wrong_are_one_line(tmp_path, variables, line):
    said = arb(tmp_path, "config", "validate", **variables)
    assert said.returncode == 2
    told = said.stderr + said.stdout
    assert line in told
    assert "markersecret" not in told


def test_a_template_of_somebodys_own_is_checked(tmp_path):
    (tmp_path / "own.yml").write_text("messages: {templates: {trade_closed: 'closed $profit'}}")
    said = arb(tmp_path, "config", "validate", ARB_CONFIG=str(tmp_path / "own.yml"))
    assert said.returncode == 2
    assert "messages.templates: trade_closed: $profit is no fact of trade_closed" in said.stderr + said.stdout


def test_no_secret_of_an_address_is_shown_with_the_settings(tmp_path):
    said = arb(tmp_path, "config", "show", ARB_ALERTS__URLS=f"{TELEGRAM_URL},{DISCORD_URL}")
    assert said.returncode == 0
    assert not [secret for secret in SECRETS if secret in said.stdout + said.stderr]
