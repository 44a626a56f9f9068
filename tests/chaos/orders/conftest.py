"""A process to kill."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

SLEEP = (sys.executable, "-c", "import time; time.sleep(60)")


@pytest.fixture
def victim() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(SLEEP)
    yield process
    process.kill()
    process.wait()
