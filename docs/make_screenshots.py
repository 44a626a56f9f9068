"""Make the pictures in docs/img from a stack that trades for a minute: `python docs/make_screenshots.py`.

Needs Chromium (Debian: apt-get install chromium). The stack lives in a directory of its own.
"""

import io
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from rich.console import Console

CHECKOUT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT))

from arb.cli.views.live import frame_reader  # noqa: E402
from arb.cli.views.view import render  # noqa: E402
from arb.stack.home import Home  # noqa: E402
from tests.browser.chromium import Page, browser, chromium  # noqa: E402
from tests.integration.page import PageStack, page_stack  # noqa: E402

IMAGES: Final = CHECKOUT / "docs" / "img"
TRADING_S: Final = 90  # so that the charts have something to show
COLUMNS: Final = 120
BYTES_MAX: Final = 400_000


def main() -> None:
    """Make every picture."""
    if chromium() is None:
        sys.exit("no Chromium; as root: apt-get install chromium")
    IMAGES.mkdir(exist_ok=True)
    with page_stack(Path(tempfile.mkdtemp(prefix="arb-pictures-"))) as stack, browser() as tab:
        page = tab()
        enter(page, stack)
        time.sleep(TRADING_S)
        for theme in ("light", "dark"):
            page.resize(1440, 1000)
            page.prefer(theme)
            page.wait("document.querySelector('#link').className === 'link live'")
            time.sleep(1.5)
            save(f"page-{theme}", page)
        page.resize(390, 1180, scale=1.5, phone=True)
        page.open(stack.url + "/")  # a phone chooses its scale by what is there as it opens
        page.wait("document.querySelectorAll('#coin-chart path').length > 0")
        time.sleep(2)
        save("page-phone", page)
        terminal(tab(), stack)


def enter(page: Page, stack: PageStack) -> None:
    """Log in."""
    page.resize(1440, 1000)
    page.open(stack.url + "/login")
    page.click("#password")
    page.type(stack.password)
    page.press("Enter")
    page.wait("document.querySelectorAll('#processes tr').length > 8", limit_s=60)


def terminal(page: Page, stack: PageStack) -> None:
    """Draw `arb top` as a terminal of 120 columns shows it."""
    os.environ["ARB_HOME"] = str(stack.home)
    from arb.app.engines import engine

    console = Console(record=True, width=COLUMNS, force_terminal=True, file=io.StringIO())
    console.print(render(frame_reader(engine(), Home(stack.home)).read(), COLUMNS))
    drawing = IMAGES / "top.svg"
    drawing.write_text(console.export_svg(title="arb top"), encoding="utf-8")
    page.resize(1200, 700)
    page.open(drawing.as_uri())
    shape = page.run("(({width, height}) => height / width)(document.documentElement.viewBox.baseVal)")
    page.resize(1200, round(1200 * shape))
    save("top", page)
    drawing.unlink()


def save(name: str, page: Page) -> None:
    """Write one picture. Raises: ValueError if it is too big for a repository."""
    picture = page.picture()
    if len(picture) > BYTES_MAX:
        raise ValueError(f"{name}.png has {len(picture)} bytes, more than {BYTES_MAX}")
    (IMAGES / f"{name}.png").write_bytes(picture)


if __name__ == "__main__":
    main()
