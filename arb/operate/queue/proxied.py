"""A way to Redis that can be cut: a forwarder of its own process, between it and everybody else."""

import signal
import subprocess
import sys
from typing import Final
from urllib.parse import urlsplit

from arb.chaos.outcome import expect
from arb.operate.queue.town import Town, until
from arb.runtime.ports import remembered_port

UP_S_MAX: Final = 20.0


class Proxied:
    """The forwarder before a town's Redis; its processes use it from now on."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._target = urlsplit(town.server.url).port or 0
        self._port = remembered_port(town.home, "redis-proxy")
        town.environment["ARB_REDIS_URL"] = town.server.url.replace(f":{self._target}/", f":{self._port}/")
        self._process = self._start()

    def cut(self) -> None:
        """End it: connections are reset, new ones refused."""
        self._process.kill()
        self._process.wait()

    def mend(self) -> None:
        """Begin to forward again."""
        self._process = self._start()

    def stop(self) -> None:
        """Have it forward nothing and answer nothing."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Have it forward again, also what came meanwhile."""
        self._process.send_signal(signal.SIGCONT)

    def _start(self) -> subprocess.Popen[bytes]:
        module = ("-m", "arb.chaos.queue.proxy", str(self._port), str(self._target))
        process = self._town.start((sys.executable, *module), "proxy")
        url = self._town.environment["ARB_REDIS_URL"]
        expect(until(lambda: self._town.server.ping(url) is None, UP_S_MAX), "the proxy does not start")
        return process
