"""Read commands on the database of a stack that is stopped, as their user starts them."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from unittest import mock

import psutil
import pytest
from sqlalchemy import create_engine, text

from arb.adapters.postgres.engine import make_engine
from arb.adapters.postgres.migrate import migrate
from arb.adapters.postgres.sessions import SqlSessionStore
from arb.adapters.postgres.trades import SqlTradeStore
from arb.cli.main import main
from arb.cli.reads import everything
from arb.domain.market.ids import SessionId, Venue
from arb.domain.risk.review import Mode
from arb.stack.home import Home
from arb.stack.postgres_server import embedded_postgres, ensure_database
from arb.stack.servers import unsupervised
from arb.stack.signals import marked_processes
from arb.stack.stopped import stopped_postgres
from arb.stack.wait import wait_until
from tests.cli.command import ARB
from tests.contracts import world

pytestmark = pytest.mark.integration
COMMANDS = ("report", "pnl", "balances", "positions")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, SessionId]]:
    """A home whose stack is stopped, with one session: a trade, and a leg of it filled."""
    home = Home(tmp_path_factory.mktemp("kept"))
    home.create()
    server = embedded_postgres(home)
    assert server.process is not None
    with unsupervised(server.process, home):
        server.wait_ready(lambda: None)
        ensure_database(server.url)
        migrate(server.url)
        session_id = fill(server.url)
    yield home, session_id
    home.remove()


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command said and how it ended."""

    returncode: int
    stdout: str
    stderr: str


def arb(home: Path, *arguments: str) -> Ended:
    """Run a command in this process: many of them, and an import takes long on a busy machine."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("ARB_")}
    out, err, code = StringIO(), StringIO(), 0
    with (
        mock.patch.dict(os.environ, environ | {"ARB_HOME": str(home)}, clear=True),
        mock.patch.object(sys, "argv", ["arb", *arguments]),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
    return Ended(code, out.getvalue(), err.getvalue())


def fill(url: str) -> SessionId:
    engine = make_engine(url)
    made, store = world.session(), SqlTradeStore(engine)
    SqlSessionStore(engine).create(made)
    for entry in world.openings(made.session_id):
        store.book_entry(made.session_id, entry, world.NOW_NS)
    opening = world.opening(made.session_id, now_ns=world.NOW_NS)
    store.open_trade(opening.proposal, opening.orders, world.LIMITS, world.NOW_NS)
    order = opening.on(Venue.UPBIT)
    assert store.claim(order.client_order_id, world.NOW_NS)
    store.record(world.filled(order), world.NOW_NS)
    engine.dispose()
    return made.session_id


@pytest.mark.parametrize("command", COMMANDS)
def test_every_read_says_which_session_of_which_stack_it_shows(
    kept: tuple[Home, SessionId], command: str
) -> None:
    home, session_id = kept
    ended = arb(home.path, command, "--json")
    assert ended.returncode == 0, ended.stderr
    read = json.loads(ended.stdout)["read"]
    assert (read["session_id"], read["runs"], read["home"]) == (session_id, False, str(home.path))
    assert read["from_ns"] <= read["to_ns"]
    assert marked_processes(home) == []
    assert not (home.postgres / "data" / "postmaster.pid").exists()


def test_how_much_is_allowed_and_used_and_what_was_given_up_is_read_where_nothing_runs(
    kept: tuple[Home, SessionId],
) -> None:
    home, session_id = kept
    shown = arb(home.path, "mode", "--json")
    assert (shown.returncode, json.loads(shown.stdout)["mode"]) == (0, "normal"), shown.stderr
    assert f"session {session_id}" in shown.stderr
    used = arb(home.path, "risk", "--json")
    ceilings = {line["name"]: line for line in json.loads(used.stdout)["ceilings"]}
    assert (used.returncode, float(ceilings["trades_open"]["used"])) == (0, 1)
    waiting = arb(home.path, "dead", "list")
    assert (waiting.returncode, waiting.stdout) == (0, "no dead letters wait\n")
    changed = arb(home.path, "mode", "halted")
    assert (changed.returncode, changed.stderr[:24]) == (3, "arb: no stack is running")


def test_for_a_person_it_is_the_first_line(kept: tuple[Home, SessionId]) -> None:
    home, session_id = kept
    first = arb(home.path, "trades", "--utc").stdout.splitlines()[0]
    assert first.startswith(f"session {session_id} (mock")
    assert "UTC" in first
    assert f"stopped stack in {home.path}" in arb(home.path, "sessions").stdout


def test_no_file_on_disk_keeps_what_is_kept_from_being_read(
    kept: tuple[Home, SessionId], tmp_path: Path
) -> None:
    broken = tmp_path / "own.yml"
    broken.write_bytes(b"strategy: [\xff")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("ARB_")}
    told = {"ARB_HOME": str(kept[0].path), "ARB_CONFIG": str(broken)}
    with mock.patch.dict(os.environ, environ | told, clear=True), everything() as (source, rows):
        assert (source.stack, len(rows.sessions())) == (False, 1)


def test_a_kill_of_a_stack_that_is_stopped_since_is_let_go_in_its_rows(kept: tuple[Home, SessionId]) -> None:
    home, session_id = kept
    with stopped_postgres(home, lambda _text: None) as url:
        engine = make_engine(url)
        sessions = SqlSessionStore(engine)
        sessions.set_mode(session_id, Mode.HALTED, "killed: storm", world.NOW_NS)
        engine.dispose()
    ended = arb(home.path, "unkill", "--json")
    assert json.loads(ended.stdout)["sessions"] == [session_id]
    read = json.loads(arb(home.path, "trades", "--json").stdout)["read"]
    assert (read["mode"], read["mode_reason"]) == ("normal", "unkilled")


def test_a_coin_is_paused_while_the_stack_is_stopped_and_an_unknown_one_refused(
    kept: tuple[Home, SessionId],
) -> None:
    home, _ = kept
    assert arb(home.path, "coins", "pause", "XRP", "--reason", "fork").returncode == 0
    rows = json.loads(arb(home.path, "coins", "list", "--json").stdout)["coins"]
    (paused,) = [row for row in rows if row["paused"]]
    assert (paused["coin"], paused["paused"]["reason"]) == ("XRP", "fork")
    unknown = arb(home.path, "coins", "pause", "xrp")
    assert (unknown.returncode, "did you mean XRP" in unknown.stderr) == (2, True)
    assert arb(home.path, "coins", "resume", "XRP").returncode == 0
    assert "was not paused" in arb(home.path, "coins", "resume", "XRP").stdout


def test_a_trace_begins_with_four_lines(kept: tuple[Home, SessionId]) -> None:
    home, _ = kept
    (row,) = json.loads(arb(home.path, "trades", "--json").stdout)["trades"]
    lines = arb(home.path, "trace", row["trade_id"]).stdout.splitlines()
    assert [line[:9].strip() for line in lines[:4]] == ["in at", "out at", "earned", "why"]


def test_latency_is_told_from_the_book_on(kept: tuple[Home, SessionId]) -> None:
    home, _ = kept
    parts = {row["part"]: row for row in json.loads(arb(home.path, "latency", "--json").stdout)["parts"]}
    assert parts["tick_to_sent"] == {
        "part": "tick_to_sent", "orders": 1, "p50_ms": 20.0, "p90_ms": 20.0, "p99_ms": 20.0
    }  # fmt: skip
    assert "tick to sent" in arb(home.path, "latency").stdout
    assert json.loads(arb(home.path, "latency", "--json", "--to", "2001-01-01").stdout)["parts"] == []


def test_a_span_leaves_out_what_is_not_in_it(kept: tuple[Home, SessionId]) -> None:
    home, _ = kept
    for command, name in (("trades", "trades"), ("orders", "orders"), ("positions", "positions")):
        whole = json.loads(arb(home.path, command, "--json").stdout)[name]
        before = json.loads(arb(home.path, command, "--json", "--to", "2001-01-01").stdout)[name]
        assert (bool(whole), before) == (True, [])
    assert json.loads(arb(home.path, "report", "--json", "--to", "2001-01-01").stdout)["orders"] == 0
    assert json.loads(arb(home.path, "balances", "--json", "--to", "2001-01-01").stdout)["balances"] == []


def test_a_session_that_is_not_kept_is_one_line(kept: tuple[Home, SessionId]) -> None:
    ended = arb(kept[0].path, "trades", "--session", "paper-1-abc")
    assert ended.returncode == 2
    assert "no session paper-1-abc is kept here" in ended.stderr


def test_a_read_waits_for_a_command_that_holds_the_home_and_says_so(kept: tuple[Home, SessionId]) -> None:
    home, _ = kept
    with home.locked():
        read = subprocess.Popen(
            [*ARB, "trades"], env={**os.environ, "ARB_HOME": str(home.path)},
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert read.stderr is not None
        said = read.stderr.readline()
    read.communicate(timeout=100)
    assert "waiting: another command is starting, stopping or reading" in said
    assert read.returncode == 0


def test_a_read_that_is_killed_leaves_nothing_and_the_next_one_recovers(kept: tuple[Home, SessionId]) -> None:
    home, session_id = kept
    code = (
        "import sys, time; from arb.stack.home import Home; from arb.stack.stopped import stopped_postgres\n"
        "with stopped_postgres(Home(sys.argv[1]), print) as url: print('up', flush=True); time.sleep(60)"
    )
    reader = subprocess.Popen([ARB[0], "-c", code, str(home.path)], stdout=subprocess.PIPE, text=True)
    assert reader.stdout is not None
    while reader.stdout.readline() != "up\n":
        assert reader.poll() is None
    (server, *_) = psutil.Process(reader.pid).children()
    os.kill(reader.pid, signal.SIGKILL)
    reader.communicate()
    wait_until(lambda: "runs" if server.is_running() else None, limit_s=30, what="the server's end")
    assert json.loads(arb(home.path, "trades", "--json").stdout)["read"]["session_id"] == session_id


def servers() -> set[psutil.Process]:
    """Return the servers of PostgreSQL that this process started."""
    return {each for each in psutil.Process().children() if each.name() == "postgres"}


def test_what_was_killed_uncleanly_is_recovered_and_that_is_said(kept: tuple[Home, SessionId]) -> None:
    home, _ = kept
    others = servers()
    with stopped_postgres(home, lambda _text: None):
        (server,) = servers() - others
        server.kill()
    ended = arb(home.path, "trades")
    assert ended.returncode == 0, ended.stderr
    assert "was not shut down cleanly; it recovers first" in ended.stderr


def test_an_older_schema_is_left_alone_and_the_command_that_migrates_is_named(
    kept: tuple[Home, SessionId],
) -> None:
    home, _ = kept
    revised = text("UPDATE alembic_version SET version_num = :to RETURNING version_num")
    with stopped_postgres(home, lambda _text: None) as url, create_engine(url).begin() as connection:
        newest = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        connection.execute(revised, {"to": "0014"})
    old = arb(home.path, "trades")
    with stopped_postgres(home, lambda _text: None) as url, create_engine(url).begin() as connection:
        connection.execute(revised, {"to": "9999"})
    future = arb(home.path, "trades")
    with stopped_postgres(home, lambda _text: None) as url, create_engine(url).begin() as connection:
        connection.execute(revised, {"to": newest})
    assert old.returncode == future.returncode == 2
    assert (
        old.stderr
        == f"arb: this database has schema 0014, this version reads {newest}: `arb up` migrates it\n"
    )
    assert "a newer version of arb (9999)" in future.stderr


def test_a_home_that_never_had_a_stack_stays_untouched(tmp_path: Path) -> None:
    home = tmp_path / "never"
    assert arb(home, "report").returncode == 3
    assert not home.exists()
