"""Lines of facts: their shape, their file, their ids, and that no secret is among them."""

import json
import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest
import structlog

from config.logging import configure
from config.settings import Settings, load

# apprise imports it where Python still has it
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
MARKERS = {
    "ARB_BINANCE__CREDENTIALS__KEY": "marker-binance-key",
    "ARB_BINANCE__CREDENTIALS__SECRET": "marker-binance-secret",
    "ARB_UPBIT__CREDENTIALS__KEY": "marker-upbit-key",
    "ARB_UPBIT__CREDENTIALS__SECRET": "marker-upbit-secret",
    "ARB_REDIS_URL": "redis://:marker-redis-password@127.0.0.1:1/0",
    "ARB_DATABASE_URL": "postgresql://arb:marker-database-password@127.0.0.1:1/arb",
    "ARB_ALERTS__URLS": "json://user:marker-alert-password@127.0.0.1:1/marker-alert-token",
    "ARB_ALERTS__WEBHOOK_URL": "http://127.0.0.1:1/hook/marker-webhook-token",
    "ARB_WATCHDOG__DEAD_MAN_URL": "http://127.0.0.1:1/ping/marker-dead-man-token",
}


def settings(tmp_path: Path, **environ: str) -> Settings:
    return load("mock", {"ARB_HOME": str(tmp_path), **environ})


@pytest.fixture(autouse=True)
def put_back():
    root, hook = logging.getLogger(), sys.excepthook
    handlers, level = root.handlers[:], root.level
    yield
    for handler in root.handlers[:]:
        if handler not in handlers:
            root.removeHandler(handler)
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    sys.excepthook = hook
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def text(folder: Path, component: str) -> str:
    path = folder / f"{component}.log"
    return path.read_text() if path.exists() else ""


def test_a_line_is_time_level_logger_event_and_facts(tmp_path):
    configure(settings(tmp_path), tmp_path)
    structlog.get_logger("arb.trading").info("order_placed", state="filled", reason="two words", empty="")
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT[\d:.]+Z \[info\] \[arb.trading\] order_placed "
        r'state=filled reason="two words" empty=""\n',
        text(tmp_path, "live_loop"),
    )


def test_each_component_has_its_file(tmp_path):
    configure(settings(tmp_path), tmp_path)
    for component in ("health", "safety", "watchdog", "sys_monitor"):
        structlog.get_logger(f"arb.{component}").info("looked_at")
    structlog.get_logger("workers.feed").info("looked_at")
    logging.getLogger("celery.worker").warning("looked at")
    assert {path.stem for path in tmp_path.glob("*.log")} == {
        "health", "safety", "watchdog", "sys_monitor", "live_loop",
    }  # fmt: skip
    assert text(tmp_path, "live_loop").count("\n") == 2


def test_json_by_setting_and_the_ids_of_the_context_on_every_line(tmp_path):
    configure(settings(tmp_path, ARB_LOGS__FORMAT="json"), tmp_path)
    structlog.contextvars.bind_contextvars(trade="t1", task="arb.place_order")
    structlog.get_logger("arb.trading").info("order_placed", venue="upbit")
    logging.getLogger("elsewhere").warning("of %s", "another library")
    lines = [json.loads(line) for line in text(tmp_path, "live_loop").splitlines()]
    assert [(line["event"], line["trade"], line["task"]) for line in lines] == [
        ("order_placed", "t1", "arb.place_order"), ("of another library", "t1", "arb.place_order"),
    ]  # fmt: skip


def test_everyday_tasks_are_quiet_and_orders_are_not(tmp_path):
    configure(settings(tmp_path), tmp_path)
    for task in ("arb.evaluate", "arb.canary.orders", "arb.place_order"):
        logging.getLogger("celery.app.trace").info("done", extra={"data": {"name": task}})
    logging.getLogger("celery.app.trace").error("broke", extra={"data": {"name": "arb.evaluate"}})
    assert text(tmp_path, "live_loop").count("\n") == 2


def test_no_secret_of_the_settings_is_in_any_log(tmp_path, capsys):
    marked = settings(tmp_path, **MARKERS)
    configure(marked, tmp_path)
    log = structlog.get_logger("arb.trading")
    for value in MARKERS.values():
        log.info("address_used", url=value)
        logging.getLogger("library").error("cannot reach %s", value)
        try:
            raise ValueError(value)
        except ValueError:
            log.exception("call_failed")
    for name, value in MARKERS.items():
        part = value.rpartition("/")[2].rpartition("@")[0] or value
        log.info("part_used", key=name, part=part)
    written = "".join(path.read_text() for path in tmp_path.glob("*.log")) + capsys.readouterr().err
    assert "marker" not in written
    assert written.count("address_used") == 2 * len(MARKERS)
    assert "marker" not in repr(marked)


def test_words_in_a_server_address_that_are_no_secret_stay_readable(tmp_path, capsys):
    addresses = {
        "ARB_DATABASE_URL": "postgresql://postgres:p%40ssword-of-it@127.0.0.1:1/arbitrage?host=/var/run/sockets",
        "ARB_REDIS_URL": "sentinel://:of-the-servers@redis-one:1/0?master=primary-one&sentinel_password=of-theirs",
    }
    configure(settings(tmp_path, **addresses), tmp_path)
    words = "postgres_unreachable arbitrage sockets primary-one"
    log = structlog.get_logger("arb.trading")
    log.info("words", text=words)
    log.info("secrets", text="p%40ssword-of-it p@ssword-of-it of-the-servers of-theirs")
    written = text(tmp_path, "live_loop")
    assert words in written
    assert "of-" not in written


WRITER = """
import logging, sys
from pathlib import Path
from config.logging import configure
from config.settings import load
import structlog
folder = Path(sys.argv[1])
configure(load("mock", {"ARB_HOME": str(folder)}), folder)
log = structlog.get_logger("arb.health")
for number in range(300):
    log.info("line_written", writer=sys.argv[2], number=number, filler="x" * 200)
"""


def test_several_processes_rotate_one_file_and_no_line_is_lost_or_torn(tmp_path):
    old = tmp_path / "health.log"
    old.write_text("of yesterday\n")
    import os

    day_s = 86_400
    os.utime(old, (5 * day_s, 5 * day_s))
    for name in ("1970-01-02", "2001-01-01"):
        (tmp_path / f"health.log.{name}").write_text("older\n")
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), str(each)], stderr=subprocess.DEVNULL)
        for each in range(3)
    ]
    assert [writer.wait(timeout=90) for writer in writers] == [0, 0, 0]
    lines = old.read_text().splitlines()
    assert len(lines) == 900
    assert all(line.endswith("x" * 200) for line in lines)
    kept = {path.name for path in tmp_path.glob("health.log.*")}
    assert kept == {old.readlink().name}  # what is older than the days to keep is gone


def test_a_log_that_cannot_be_written_loses_lines_and_nothing_else(tmp_path):
    (tmp_path / "logs").write_text("in the way")
    configure(settings(tmp_path), tmp_path / "logs")
    structlog.get_logger("arb.health").info("line_written")
