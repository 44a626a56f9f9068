"""A proxy before a server that can be cut: a forwarder of its own process, between it and everybody else."""

import signal
import socket
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from arb.chaos.queue.broker_sandbox import until
from arb.chaos.scenario_result import expect
from arb.stack.home import CHECKOUT, Home
from arb.stack.ports import LOOPBACK, remembered_port
from arb.stack.process_spec import Phase, ProcessSpec

UP_S_MAX: Final = 60.0


class CuttableProxy:
    """One forwarder, on a port that its home remembers; open it before use."""

    def __init__(self, home: Home, name: str, target_port: int) -> None:
        self.port = remembered_port(home, f"proxy-{name}")
        self._target_port = target_port
        self._name, self._log = f"proxy-{name}", home.log_file(f"proxy-{name}")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut()

    def open(self, refuse: float = 0.0, seed: int = 0) -> None:
        """Begin to forward, and to refuse this share of the connections."""
        self.cut()
        ports = (str(self.port), str(self._target_port))
        options = ("--refuse", str(refuse), "--seed", str(seed))
        command = (sys.executable, "-m", "arb.chaos.queue.proxy", *ports, *options)
        spec = ProcessSpec(name=self._name, command=command, phase=Phase.SERVERS, stop_signal="KILL")
        self._process = _spawn(spec, self._log)
        expect(until(self._answers, UP_S_MAX), f"{self._name} does not start")

    def cut(self) -> None:
        """End it: connections are reset, new ones refused."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """Stop the proxy (SIGSTOP): it forwards and answers nothing."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let the proxy go on, with what came meanwhile."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(1.0)
            return probe.connect_ex((LOOPBACK, self.port)) == 0


def _spawn(spec: ProcessSpec, log_file: Path) -> subprocess.Popen[bytes]:
    with log_file.open("a") as log:
        return subprocess.Popen(
            spec.launch_command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=CHECKOUT
        )
