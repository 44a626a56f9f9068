"""What is typed or saved wrong: one line that names it and says how to mend it, an exit code of the table."""

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from arb.cli import main
from arb.cli.output import BAD_USE, EXIT_CODES, FAILED, NOT_RUNNING
from config import addresses

VALIDATE = "config validate"
GOOD_FILE = "set it in the file named by ARB_CONFIG or as ARB_"


@dataclass(frozen=True)
class Wrong:
    """A command, what is wrong around it, and the words that its only line has to have."""

    words: tuple[str, ...]
    command: str = VALIDATE
    settings: dict[str, str] = field(default_factory=dict)
    file: bytes | None = None
    code: int = BAD_USE


def setting(name: str, value: str, *words: str) -> Wrong:
    return Wrong(words=words, settings={f"ARB_{name}": value})


def typed(command: str, *words: str, code: int = BAD_USE) -> Wrong:
    return Wrong(words=words, command=command, code=code)


def saved(content: bytes, *words: str) -> Wrong:
    return Wrong(words=(*words,), file=content)


WRONG = {
    # lists of coins
    "a comma too many": setting("COINS", "BTC,XRP,", "coins: ", "comma too many"),
    "small letters": setting("COINS", "btc", "coins: ", "as BTC"),
    "a market": setting("COINS", "KRW-XRP", "coins: ", "as XRP"),
    "a pair": setting("COINS", "BTCUSDT", "coins: ", "as BTC"),
    "a coin twice": setting("COINS", "BTC,XRP,BTC", "coins: BTC is there twice"),
    "money": setting("COINS", "BTC,USDT", "coins: USDT is what the coins are paid with"),
    "no coins": setting("COINS", "", "coins: ", "empty"),
    "spaces for commas": setting("COINS", "BTC XRP", "coins: ", "is no coin"),
    "Korean": setting("COINS", "비트코인", "coins: ", "is no coin"),
    "an endless coin": setting("COINS", "A" * 5_000, "coins: 'AAAAA", "is no coin"),
    "a coin that nobody lists": setting("COINS", "NOPE", "coins: NOPE: ", "do not list it"),
    # numbers, each by itself
    "slip of 20,000 bps": setting("STRATEGY__SLIP_BPS", "20000", "strategy.slip_bps: ", "less than 10000"),
    "not a number": setting("STRATEGY__NOTIONAL_USDT", "NaN", "strategy.notional_usdt: ", "has an end"),
    "without end": setting("STRATEGY__ENTRY_EDGE_BPS", "inf", "strategy.entry_edge_bps: ", "has an end"),
    "negative": setting("STRATEGY__NOTIONAL_USDT", "-5", "strategy.notional_usdt: ", "greater than 0"),
    "empty": setting("STRATEGY__NOTIONAL_USDT", "", "strategy.notional_usdt: is no number", GOOD_FILE),
    "words": setting("RISK__TRADES_OPEN_MAX", "many", "risk.trades_open_max: is no whole number", GOOD_FILE),
    "a part": setting("RISK__TRADES_OPEN_MAX", "3.5", "risk.trades_open_max: is no whole number"),
    "a count beyond all": setting("RISK__TRADES_OPEN_MAX", "9" * 26, "risk.trades_open_max: ", "beyond"),
    "a time beyond all": setting("STRATEGY__HOLDING_S_MAX", "9" * 15, "strategy.holding_s_max: ", "beyond"),
    "digits without end": setting("RISK__TRADES_OPEN_MAX", "9" * 9_000, "risk.trades_open_max: "),
    "money beyond all": setting(
        "RISK__DAILY_LOSS_KRW_MAX", "1e30", "risk.daily_loss_krw_max: ", "beyond 1,000,000,000,000,000"
    ),
    "neither yes nor no": setting("WEB__AUTHENTICATION", "perhaps", "web.authentication: ", "true nor false"),
    # numbers that cannot work together
    "converged above entry": setting(
        "STRATEGY__CONVERGED_BPS", "90", "strategy.converged_bps: 90", "closed as soon as it is open"
    ),
    "notional above its ceiling": setting(
        "STRATEGY__NOTIONAL_USDT", "100000000", "strategy.notional_usdt: ", "risk.notional_per_coin_krw_max"
    ),
    "a notional that no venue takes": setting(
        "STRATEGY__NOTIONAL_USDT", "1", "strategy.notional_usdt: 1 leaves no room"
    ),
    "a warning after its error": setting(
        "SYS_MONITOR__CPU_WARN_THRESHOLD_PCT", "95", "sys_monitor.cpu_warn_threshold_pct: "
    ),
    # names, modes, venues, addresses
    "an unknown key": setting("STRATEGY__ENTRY_EDGE", "25", "strategy.entry_edge: unknown key"),
    "an unknown section": setting("RISKS__DAILY", "1", "risks: unknown key"),
    "a section as a value": setting("RISK", "5", "risk: has keys of its own"),
    "an unknown mode": setting("MODE", "demo", "mode: 'demo' is not one of mock, paper, live"),
    "one venue": setting("PAIR", "upbit", "pair: one is missing", "as ARB_PAIR"),
    "a venue twice": setting("PAIR", "upbit,upbit", "pair: upbit is there twice"),
    "an unknown venue": setting("PAIR", "upbit,kraken", "pair: ", "'upbit'"),
    "a group with spaces": setting("GROUP", "a b", "group: "),
    "an address of another kind": setting("DATABASE_URL", "mysql://x", "database_url: ", "postgresql://"),
    "no address": setting("REDIS_URL", "foo", "redis_url: is no address as redis://"),
    "a venue by file transfer": setting("UPBIT__REST_URL", "ftp://localhost", "upbit.rest_url: ", "https://"),
    "a stream by HTTP": setting("BINANCE__STREAM_URL", "http://localhost", "binance.stream_url: ", "wss://"),
    "a real venue in mock mode": setting(
        "UPBIT__REST_URL", "https://api.upbit.com", "upbit.rest_url: mock mode"
    ),
    "a port beyond all": setting("WEB__PORT", "99999", "web.port: ", "65535"),
    "a level that is none": setting("LOGS__LEVEL", "LOUD", "logs.level: ", "'WARNING'"),
    "a messenger that is none": setting("ALERTS__URLS", "foo", "alerts.urls"),
    "a secret's file that is not there": setting("DATABASE_URL_FILE", "/nope/x", "ARB_DATABASE_URL_FILE: "),
    "half a key": setting("UPBIT__CREDENTIALS__KEY", "k", "upbit.credentials.secret: missing"),
    # files
    "a file that is not there": setting("CONFIG", "/nope.yml", "/nope.yml: ", "No such file"),
    "a directory for a file": setting("CONFIG", "/tmp", "/tmp: ", "directory"),
    "a file that is no YAML": saved(b"strategy: [1,2\n", "mine.yml: cannot be read as YAML: line 2"),
    "a file that is no text": saved(b"\xff\xfe\x00", "mine.yml: ", "not UTF-8"),
    "a list for keys": saved(b"- a\n- b\n", "mine.yml: must hold keys and values"),
    "a date that is none": saved(b"risk: 2025-13-45\n", "mine.yml: ", "a date that is none"),
    "a key twice": saved(
        b"strategy:\n  slip_bps: 5\n  slip_bps: 9\n", "mine.yml: line 3: slip_bps is there twice"
    ),
    "a section twice": saved(
        b"risk: {trades_open_max: 5}\nrisk: {hole_s_max: 9}\n", "mine.yml: line 2: risk is there twice"
    ),
    "a file around itself": saved(b"risk: &a [*a]\n", "risk: has keys of its own"),
    "an empty value": saved(b"strategy:\n  slip_bps:\n", "strategy.slip_bps: is no number"),
    # what is typed
    "no date": typed("trades --from yesterday", "--from: 'yesterday' is no time", "write "),
    "a day that is none": typed("orders --to 2026-02-30", "--to: '2026-02-30' is no time"),
    "a time after its end": typed("pnl --from 2026-02-02 --to 2026-01-01", "later than --to 2026-01-01"),
    "a day beyond all": typed("pnl --from 9999-12-31", "--from: 9999-12-31 is later than any time"),
    "none at all": typed("trades --limit 0", "'--limit'", "1"),
    "an unknown command": typed("nosuch", "No such command 'nosuch'"),
    "an unknown option": typed("status --nosuch", "--nosuch"),
    "a mode that is none": typed("up --mode demo", "mode: 'demo' is not one of mock, paper, live"),
    "two sessions at once": typed("up --clean --session x", "--clean", "choose one"),
    "a speed without a tape": typed("demo --speed 2", "--speed: ", "--tape"),
    "a speed that is none": typed("demo --speed nan", "--speed: 'nan' is neither a number above 0 nor max"),
    "a tape that is not there": typed("demo --tape /nope.gz", "--tape: /nope.gz is no file"),
    "an export of nothing": typed("export everything", "'everything'", "'ledger'"),
    "data that is not there": typed("backtest --data /nope.csv", "--data: /nope.csv is no file"),
    "a change that is none": typed(
        "backtest --data /etc/hostname --set foo", "--set: 'foo' is not key=value"
    ),
    "a depth that is none": typed("backtest --data /etc/hostname --depth nan", "--depth: nan"),
    "alerts without numbers": typed("alerts ack", "--all"),
    "letters by name": typed("dead drop x", "integer"),
    "a scenario that is none": typed("chaos market --only nope", "--only: no scenario nope"),
    "an id without a stack": typed("trades close nope", "no stack is running", "arb up", code=NOT_RUNNING),
    "a home that is a file": Wrong(
        ("hostname", "set ARB_HOME to a directory"), "status", {"ARB_HOME": "/etc/hostname"}
    ),
    "a home below a device": Wrong(
        ("/dev/null", "set ARB_HOME to a directory"), "status", {"ARB_HOME": "/dev/null/x"}
    ),
    "a kill in a home that is a file": Wrong(
        ("hostname", "set ARB_HOME to a directory"), "kill", {"ARB_HOME": "/etc/hostname"}
    ),
}


@pytest.fixture
def typing(tmp_path, monkeypatch, capsys):
    """Type a command in a home of its own; return its exit code and what it printed."""
    for name in [each for each in os.environ if each.startswith("ARB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ARB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TERMINAL_WIDTH", "200")

    def run(wrong: Wrong) -> tuple[int, str, str]:
        for name, value in wrong.settings.items():
            monkeypatch.setenv(name, value)
        if wrong.file is not None:
            path = tmp_path / "mine.yml"
            path.write_bytes(wrong.file)
            monkeypatch.setenv("ARB_CONFIG", str(path))
        addresses.settings.cache_clear()
        monkeypatch.setattr(sys, "argv", ["arb", *wrong.command.split()])
        with pytest.raises(SystemExit) as ended:
            main.main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    yield run
    addresses.settings.cache_clear()


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_one_line_that_says_how_to_mend_it(typing, name: str) -> None:
    wrong = WRONG[name]
    code, out, err = typing(wrong)
    assert (code, out) == (wrong.code, ""), err
    assert code in EXIT_CODES
    assert all(word in err for word in wrong.words), err
    assert "Traceback" not in err
    lines = [line for line in err.splitlines() if line.startswith("arb: ")]
    boxed = "Error" in err and "│" in err  # what the command line itself says about options
    assert len(lines) == 1 == len(err.splitlines()) or boxed, err
    assert len(err) < 1_200


def test_a_start_in_a_home_that_cannot_be_ends_with_that_line(typing) -> None:
    code, out, err = typing(Wrong((), "up", {"ARB_HOME": "/dev/null/x"}))
    assert (code, out) == (BAD_USE, "")
    assert err.splitlines()[-1].startswith("arb: /dev/null/x: Not a directory; set ARB_HOME to a directory")


def test_an_empty_address_is_none(typing) -> None:
    code, out, _ = typing(Wrong((), settings={"ARB_REDIS_URL": "", "ARB_DATABASE_URL": ""}))
    assert (code, out.splitlines()[0]) == (0, "the mock settings are in order")


def test_the_same_is_true_of_a_full_disk() -> None:
    error = OSError(28, "No space left on device", "/full/run/settings.json")
    assert error.errno in main.FULL
    assert str(main.of_file(error)).startswith("/full/run/settings.json: No space left on device; free some")
    assert "a disk is full" in EXIT_CODES[FAILED]


def test_a_file_that_is_named_by_an_option_is_not_the_homes() -> None:
    error = FileNotFoundError(2, "No such file or directory", "/nope/report.html")
    assert "ARB_HOME" not in str(main.of_file(error))


def test_the_table_is_long_enough_to_have_every_kind() -> None:
    assert len(WRONG) >= 25
    assert {wrong.code for wrong in WRONG.values()} == {BAD_USE, NOT_RUNNING}
    assert Path(main.__file__).exists()
