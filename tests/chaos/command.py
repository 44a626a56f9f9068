"""`arb chaos` as its user starts it: a process of its own."""

import subprocess
from typing import Any

from arb.stack.home import CHECKOUT
from tests.cli.command import ARB
from tests.cli.documents import documents


def chaos(kind: str, *options: str, timeout_s: float) -> tuple[int, list[dict[str, Any]], str]:
    """Run scenarios; return the exit code, the documents that were printed, and what was said besides."""
    ran = subprocess.run(
        (*ARB, "chaos", kind, "--json", *options),
        cwd=CHECKOUT, capture_output=True, text=True, timeout=timeout_s,
    )  # fmt: skip
    return ran.returncode, documents(ran.stdout), ran.stderr
