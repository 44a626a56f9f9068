"""Telegram and Discord by their own addresses and TLS, at local servers that know their APIs."""

import logging
import shutil
import time

import pytest

from arb.adapters.alerts.channels import AlertNotice, AppriseChannel, notice_of
from arb.domain.health.alert import Alert, Severity
from tests.adapters.alerts.messengers import DISCORD_URL, SECRETS, TELEGRAM_URL, Messengers

pytestmark = [
    # apprise imports it where Python still has it
    pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning"),
    pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl to make a certificate with"),
]
ODD = AlertNotice(
    title="arb mock: [critical] ledger_drift upbit:BTC", body="1 < 2 & _one_ *star [x](y) 김치 `code` \\"
)


@pytest.fixture
def messengers(tmp_path, monkeypatch):
    with Messengers(authority=str(tmp_path)) as served:
        for name, value in served.environ().items():
            monkeypatch.setenv(name, value)
        yield served


def test_telegram_takes_a_notice_with_every_sign_that_its_markup_has(messengers):
    assert AppriseChannel([TELEGRAM_URL]).send(ODD) == ""
    [message] = messengers.telegram
    assert "ledger_drift upbit:BTC" in message["text"]
    assert "김치" in message["text"]
    assert messengers.refused == []


def test_discord_takes_a_notice_and_an_alert_names_its_mode(messengers):
    alert = Alert(
        kind="exit_held", subject="T1", severity=Severity.WARNING, message="it waits for 120 s", at_ns=1
    )
    assert AppriseChannel([DISCORD_URL]).send(notice_of(alert, "arb paper")) == ""
    assert "arb paper: [warning] exit_held T1" in str(messengers.discord)
    assert "it waits for 120 s" in str(messengers.discord)


def test_discord_that_asked_for_a_pause_has_it_in_the_end(messengers):
    messengers.limited = 1
    assert AppriseChannel([DISCORD_URL]).send(ODD) == ""
    assert len(messengers.discord) == 1


@pytest.mark.parametrize("url", [TELEGRAM_URL.replace("987654321", "111111111"), DISCORD_URL + "x"])
def test_a_token_that_is_not_theirs_is_told_without_it(messengers, caplog, url):
    with caplog.at_level(logging.DEBUG):
        said = AppriseChannel([url]).send(ODD)
    assert said == f"not taken by {url.partition(':')[0]} (1)"
    told = said + caplog.text
    assert not [secret for secret in SECRETS if secret in told]


def test_one_that_hangs_keeps_the_other_from_nothing(messengers, monkeypatch):
    monkeypatch.setattr("arb.adapters.alerts.channels.SERVICE_MS_MAX", 1_500)
    messengers.hangs.set()
    channel, began_s = AppriseChannel([f"{TELEGRAM_URL}?rto=60", DISCORD_URL]), time.monotonic()
    assert channel.send(ODD) == ""
    assert time.monotonic() - began_s < 10
    assert len(messengers.discord) == 1
    assert AppriseChannel([f"{TELEGRAM_URL}?rto=60"]).send(ODD) == "not taken by tgram (1)"
