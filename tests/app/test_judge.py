"""The report that outlives its stack."""

from pathlib import Path

from arb.app.judge import last_report
from arb.stack.files import write_json
from arb.stack.home import Home


def test_the_last_report_is_the_newest_of_all_homes(tmp_path: Path) -> None:
    homes = [Home(tmp_path / name) for name in ("one", "two")]
    assert last_report(homes) is None
    for number, home in enumerate(homes):
        home.path.mkdir()
        write_json(home.report_file, {"fills": number})
    assert last_report(homes) == {"fills": 1}
