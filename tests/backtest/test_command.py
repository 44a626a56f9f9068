"""`arb backtest` from outside."""

import subprocess
import sys

from typer.testing import CliRunner

from arb.cli.main import app
from tests.backtest.series import mapping_of, write_csv

LIGHT = """
import sys
import arb.cli.main, workers.tasks, workers.feed_process, workers.stream, beat.tasks
print([name for name in ("numpy", "pyarrow", "arb.backtest") if name in sys.modules])
"""


def test_processes_of_a_stack_import_neither_numpy_nor_pyarrow():
    done = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_same_run_writes_the_same_bytes(tmp_path):
    path, mapping = write_csv(tmp_path / "prices.csv", 400), mapping_of(tmp_path)
    written = []
    for name in ("one", "two"):
        html, csv = tmp_path / f"{name}.html", tmp_path / f"{name}.csv"
        done = CliRunner().invoke(
            app,
            [
                "backtest",
                "--data",
                str(path),
                "--mapping",
                mapping,
                "--html",
                str(html),
                "--csv",
                str(csv),
                "--json",
            ],
        )
        assert done.exit_code == 0, done.output
        written.append((html.read_bytes(), csv.read_bytes(), done.stdout))
    assert written[0] == written[1]
    assert b"<svg" in written[0][0]
    assert b"http" not in written[0][0].replace(b"http-equiv", b"")
