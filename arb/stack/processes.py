"""The processes of the stack, one table for each mode."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from arb.domain.market.ids import Venue
from arb.stack.files import remembered_secret, write_private
from arb.stack.home import Home
from arb.stack.ports import LOOPBACK, remembered_port
from arb.stack.process_spec import Phase, ProcessSpec

StackMode = Literal["mock", "paper", "live"]

CELERY: Final = (sys.executable, "-m", "celery")
QUIET: Final = ("--without-gossip", "--without-mingle", "-l", "INFO")
EVENTS: Final = "-E"  # for Flower; they cost a hot worker half its throughput, so evaluation sends none
WORKER_STOP_WAIT_S: Final = 25  # a warm shutdown ends its orders: longer than worker_soft_shutdown_timeout
CELERY_START_WAIT_S: Final = 2  # a broken import takes this long to show
FLOWER_TASKS_MAX: Final = 500  # it remembers 100,000 else: half a gigabyte in half an hour
FLOWER_USER: Final = "arb"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessPlan:
    """What to run besides the servers, and where its ports are."""

    mode: StackMode
    processes: tuple[ProcessSpec, ...]
    simulators: dict[str, str] = field(default_factory=dict)  # venue -> base URL
    flower_url: str | None = None
    flower_credentials: Path | None = None
    web_url: str | None = None
    web_credentials: Path | None = None


def stack_processes(
    mode: StackMode,
    home: Home,
    *,
    evaluate_workers: int = 1,
    feed_workers: int = 1,
    web_port: int = 0,
    simulated: bool | None = None,
    venues: Sequence[str] = tuple(Venue),
    world: Home | None = None,
) -> ProcessPlan:
    """Return the plan of a stack in `home`, which exists. Ports and passwords stay as they were.

    Mock mode has simulated venues of its own, unless `simulated` says otherwise; their market and accounts
    are in the home itself, or in that of another `world`.
    """
    simulated = mode == "mock" if simulated is None else simulated
    simulators = {venue: remembered_port(home, f"sim-{venue}") for venue in venues if simulated}
    flower_port = remembered_port(home, "flower")
    credentials = _flower_credentials(home)
    web_port = web_port or remembered_port(home, "web")
    return ProcessPlan(
        mode=mode,
        processes=(
            *(_simulator(venue, port, world or home) for venue, port in simulators.items()),
            *_workers(evaluate_workers),
            _flower(flower_port, credentials, home),
            _web(web_port),
            _feed(feed_workers),
            *_streams(mode),
            _beat(),
        ),
        simulators={venue: f"http://{LOOPBACK}:{port}" for venue, port in simulators.items()},
        flower_url=f"http://{LOOPBACK}:{flower_port}",
        flower_credentials=credentials,
        web_url=f"http://{LOOPBACK}:{web_port}",
        web_credentials=_web_credentials(home),
    )


def _simulator(venue: str, port: int, world: Home) -> ProcessSpec:
    files = ("--config", str(world.sim_file), "--journal", str(world.sim_journal(venue)))
    return ProcessSpec(
        name=f"sim-{venue}",
        command=(sys.executable, "-m", "arb.sim", venue, "--port", str(port), *files),
        phase=Phase.SIMULATORS,
        health_url=f"http://{LOOPBACK}:{port}/sim/health",
    )


def _workers(evaluate_workers: int) -> tuple[ProcessSpec, ...]:
    """Return one worker for each queue, so that a burst of quotes never delays an order."""
    threads = ("--pool", "threads", "--concurrency")
    return (
        _worker("orders", *threads, "8", EVENTS),
        _worker("evaluate", "--pool", "solo", copies=evaluate_workers),
        _worker("housekeeping", *threads, "2", EVENTS, phase=Phase.HELPERS),
        ProcessSpec(
            name="worker-fallback",
            command=(
                *CELERY,
                "-A",
                "workers.fallback",
                "worker",
                "-n",
                "fallback@%h",
                *threads,
                "4",
                *QUIET,
                "--without-heartbeat",
            ),
            phase=Phase.HELPERS,
            stop_wait_s=WORKER_STOP_WAIT_S,
            start_wait_s=CELERY_START_WAIT_S,
        ),
    )


def _worker(queue: str, *pool: str, copies: int = 1, phase: Phase = Phase.WORKERS) -> ProcessSpec:
    node = f"{queue}@%h" if copies == 1 else f"{queue}{{copy}}@%h"
    return ProcessSpec(
        name=f"worker-{queue}",
        command=(*CELERY, "-A", "arb", "worker", "-Q", queue, "-n", node, *pool, *QUIET),
        phase=phase,
        stop_wait_s=WORKER_STOP_WAIT_S,
        start_wait_s=CELERY_START_WAIT_S,
        copies=copies,
    )


def _flower(port: int, credentials: Path, home: Home) -> ProcessSpec:
    """Return Flower on loopback, with a password that is in its environment and not in its arguments."""
    # Events would halve a worker's throughput, and Flower asks all workers for them unless told not to.
    tasks = f"--max-tasks={FLOWER_TASKS_MAX}"
    options = (f"--address={LOOPBACK}", f"--port={port}", "--enable-events=False", tasks)
    return ProcessSpec(
        name="flower",
        command=(*CELERY, "-A", "arb", "flower", *options),
        phase=Phase.HELPERS,
        environment={
            "FLOWER_BASIC_AUTH": credentials.read_text().strip(),
            "FLOWER_COOKIE_SECRET": remembered_secret(home.flower_cookie_secret_file),
        },
        start_wait_s=CELERY_START_WAIT_S,
    )


def _flower_credentials(home: Home) -> Path:
    """Return the file that holds `user:password`."""
    credentials = home.flower_credentials_file
    password = remembered_secret(home.flower_password_file)
    write_private(credentials, f"{FLOWER_USER}:{password}\n")
    return credentials


def _web(port: int) -> ProcessSpec:
    """Return the page; trading starts whether or not it answers yet."""
    return ProcessSpec(
        name="web",
        command=(sys.executable, "-m", "arb.web", str(port)),
        phase=Phase.HELPERS,
        start_wait_s=CELERY_START_WAIT_S,
    )


def _web_credentials(home: Home) -> Path:
    """Return the file that holds the password for the page."""
    remembered_secret(home.web_password_file)
    return home.web_password_file


def _feed(copies: int) -> ProcessSpec:
    """Return the feed workers; each is told its slot, so that what starts again goes on where it was."""
    slot = "feed" if copies == 1 else "feed-{copy}"
    command = (sys.executable, "-m", "workers.feed", slot)
    return ProcessSpec(name="feed", command=command, phase=Phase.PRODUCERS, copies=copies)


def _streams(mode: StackMode) -> tuple[ProcessSpec, ...]:
    """Return the user streams; a paper account has none."""
    if mode == "paper":
        return ()
    command = (sys.executable, "-m", "workers.stream")
    return (ProcessSpec(name="stream", command=command, phase=Phase.PRODUCERS),)


def _beat() -> ProcessSpec:
    return ProcessSpec(
        name="beat",
        command=(*CELERY, "-A", "arb", "beat", "-l", "INFO"),
        phase=Phase.HELPERS,
        start_wait_s=CELERY_START_WAIT_S,
    )
