"""The page in a real browser: it shows a trade that happens while it is open; its button stops trading."""

import json

import pytest

from tests.browser.chromium import browser, chromium
from tests.integration.page import LIMIT_S, page_stack

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.browser,
    pytest.mark.stack,
    pytest.mark.timeout(LIMIT_S * 2),
    pytest.mark.skipif(chromium() is None, reason="no Chromium; as root: apt-get install chromium"),
]
NEWEST = "document.querySelector('#events tr')?.dataset.subject"


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    with page_stack(tmp_path_factory.mktemp("browser")) as running:
        yield running


@pytest.fixture(scope="module")
def page(stack):
    with browser() as tab:
        opened = tab()
        opened.resize(1440, 900)
        opened.open(stack.url + "/")
        opened.wait("location.pathname === '/login'")
        opened.click("#password")
        opened.type(stack.password)
        opened.press("Enter")
        opened.wait("document.querySelectorAll('#quotes tr').length === 5")
        yield opened


def test_it_is_live_and_the_console_is_silent(page):
    page.wait("document.querySelector('#link').className === 'link live'")
    page.wait("document.querySelector('#mode').textContent === 'normal'")
    page.wait("document.querySelectorAll('#quotes svg path.premium').length === 5")
    page.wait("document.querySelectorAll('#depth-0 .bid').length > 2")
    page.wait("document.querySelectorAll('#processes tr').length > 8")
    assert page.console == []


def test_it_shows_a_trade_that_happens_while_it_is_open(stack, page):
    before = page.wait(NEWEST)
    after = page.wait(f"{NEWEST} !== {json.dumps(before)} && {NEWEST}", limit_s=60)
    listed = json.loads(stack.arb("orders", "--limit", "2000", "--json").stdout)["orders"]
    trades = json.loads(stack.arb("trades", "--limit", "2000", "--json").stdout)["trades"]
    ids = {row["client_order_id"] for row in listed} | {row["trade_id"] for row in trades}
    assert {before, after} <= ids


def test_choosing_a_coin_shows_its_depth(page):
    page.click("#quotes tr:nth-child(2) button")
    page.wait("document.querySelector('#coin-name').textContent === 'ETH'")
    assert page.run("document.querySelector('#quotes tr:nth-child(2) button').ariaPressed") == "true"


def test_the_theme_follows_the_system_and_can_be_turned(page):
    ground = "getComputedStyle(document.body).backgroundColor"
    page.prefer("light")
    light = page.run(ground)
    page.prefer("dark")
    dark = page.run(ground)
    assert light != dark
    page.click("#theme")
    assert page.run(ground) == light
    page.click("#theme")
    assert page.run(ground) == dark


def test_a_phone_shows_everything_without_scrolling_sideways(page):
    page.resize(390, 844, phone=True)
    assert page.run("document.documentElement.scrollWidth") <= 390
    page.resize(1440, 900)


def test_every_control_has_a_name(page):
    nameless = page.run(
        "[...document.querySelectorAll('button, input:not([hidden]), [role=img], [role=meter]')]"
        ".filter((each) => !(each.innerText || each.ariaLabel || each.labels?.length))"
        ".map((each) => each.outerHTML)"
    )
    assert nameless == []


def test_stopping_can_be_called_off(stack, page):
    page.click("#stop")
    page.wait("document.querySelector('#sure').open")
    page.click("#sure-no")
    page.wait("!document.querySelector('#sure').open")
    assert stack.status()["session"]["mode"] == "normal"


def test_its_kill_switch_stops_trading(stack, page):
    page.click("#stop")
    page.wait("document.querySelector('#sure').open && document.activeElement.id === 'reason'")
    page.type("the browser test")
    page.press("Enter")
    page.wait("document.querySelector('#banner').textContent.includes('Killed: the browser test')")
    page.wait("document.querySelector('#mode').textContent === 'halted'", limit_s=40)
    page.wait("document.querySelector('#killed').textContent.includes('no new intents after')", limit_s=40)
    session = stack.status()["session"]
    assert session["mode"] == "halted"
    assert "the browser test" in session["mode_reason"]
    assert page.console == []


def test_logging_out_leads_to_the_door(page):
    page.click("#leave")
    page.wait("location.pathname === '/login'")
