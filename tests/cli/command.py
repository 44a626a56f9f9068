"""The `arb` command as its user starts it: a process of its own. What it prints as JSON has a known shape."""

import os
import subprocess
import sys
from pathlib import Path

from tests.cli.documents import documents

ARB = (sys.executable, "-c", "from arb.cli.main import main; main()")


def arb(home: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a home, without the variables of whoever runs the tests."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ARB_")}
    ended = subprocess.run(
        [*ARB, *arguments], env={**clean, "ARB_HOME": str(home), **environ},
        capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    if "--json" in arguments:
        documents(ended.stdout)
    return ended
