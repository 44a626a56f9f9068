"""`arb doctor` from outside, on a machine where no stack runs."""

import json

from arb.stack.home import Home
from tests.cli.command import arb

LOSING = {"ARB_STRATEGY__NAME": "fixed", "ARB_STRATEGY__ENTRY_EDGE_BPS": "15"}


def test_the_doctor_says_what_is_wrong_how_to_mend_it_and_by_its_exit_code(tmp_path):
    said = arb(tmp_path, "doctor", "--json", ARB_DATABASE_URL="postgresql://arb:marker-pw@127.0.0.1:1/arb")
    findings = {row["check"]: row for row in json.loads(said.stdout)["findings"]}
    assert said.returncode == 1
    assert findings["postgres"]["state"] == "bad"
    assert "ARB_DATABASE_URL" in findings["postgres"]["mend"]
    assert findings["configuration"]["state"] == findings["disk"]["state"] == "ok"
    assert all(row["mend"] for row in findings.values() if row["state"] != "ok")
    assert "marker-pw" not in said.stdout + said.stderr


def test_the_doctor_tells_why_the_last_stack_stopped_itself(tmp_path):
    home = Home(tmp_path)
    home.create()
    home.ending_file.write_text(
        json.dumps({"reason": "watchdog: beat_age_ms of beat", "at_ns": 1_763_640_000_000_000_000})
    )
    said = arb(tmp_path, "doctor", TZ="UTC")
    assert said.returncode == 1
    assert "stopped itself at 2025-11-20 12:00:00 UTC: watchdog: beat_age_ms of beat" in said.stdout


def test_the_doctor_says_what_a_round_trip_earns_and_whether_it_is_refused(tmp_path):
    states = {}
    for mode in ("mock", "paper"):
        said = arb(tmp_path, "doctor", "--json", "--mode", mode, **LOSING)
        rows = json.loads(said.stdout)["findings"]
        states[mode] = next(row for row in rows if row["check"] == "round trip")
    assert {mode: row["state"] for mode, row in states.items()} == {"mock": "warn", "paper": "bad"}
    assert all("loses 4.0 bps" in row["what"] and row["mend"] for row in states.values())


def test_the_doctor_asks_both_real_venues_also_where_mock_mode_needs_neither(tmp_path):
    found = {row["check"]: row for row in json.loads(arb(tmp_path, "doctor", "--json").stdout)["findings"]}
    for venue in ("upbit", "binance"):
        assert found[f"{venue} in reach"]["state"] in ("ok", "warn")


def test_a_wrong_key_is_the_doctors_finding_and_not_its_end(tmp_path):
    said = arb(tmp_path, "doctor", ARB_WATCHDOG__WS_LAG_WARN_THRESHOLD_MS="9000")
    assert said.returncode == 1
    assert "watchdog.ws_lag_warn_threshold_ms" in said.stdout
    assert said.stderr == ""
