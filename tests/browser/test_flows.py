"""The page's flows in a real browser, on facts of our own: in both languages, every light, on a phone."""

import pytest

from arb.domain.errors import StoreUnavailable
from tests.browser.chromium import browser, chromium
from tests.web.facts import Scene, chance, closed_trade, open_trade, recorded, session
from tests.web.server import PASSWORD, serving

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(120),
    pytest.mark.skipif(chromium() is None, reason="no Chromium; as root: apt-get install chromium"),
]
EDGES = "document.querySelectorAll('#coin-chart path.edge, #coin-chart path.other').length"
PIECES = (
    "(document.querySelector('#coin-chart path.premium:not(.band)')?.getAttribute('d')"
    ".match(/M/g) ?? []).length"
)
READY = "document.querySelectorAll('#trades tr[data-trade]').length === 1"


@pytest.fixture(scope="module")
def tab():
    with browser() as opened:
        yield opened


@pytest.fixture
def scene():
    return Scene()


@pytest.fixture
def served(scene):
    with serving(
        scene.sections(),
        welcome=lambda: scene.past,
        lean=lambda: scene.is_lean,
        recorded=scene.premiums,
    ) as running:
        yield running


def enter(tab, served, language="en", width=1440, height=1000):
    """Log in as a person does and wait until the page is there."""
    page = tab()
    page.resize(width, height, phone=width < 500)
    page.call("Network.clearBrowserCookies")  # they are of a host, whatever its port
    page.open(served.url + "/login")
    page.run(f"localStorage.clear(); localStorage.setItem('arb-language', '{language}')")
    page.open(served.url + "/login")
    page.click("#password")
    page.type(PASSWORD)
    page.press("Enter")
    page.wait(READY)
    page.wait("document.querySelector('#inventory tr[data-venue]') !== null")
    page.wait("document.querySelector('#pnl').textContent !== '–'")
    return page


def test_an_open_trade_shows_its_entry_its_profit_now_and_what_it_waits_for(tab, served, scene):
    page = enter(tab, served)
    text = page.text("#trades tr")
    assert "+52.5" in text
    assert "+40.1" in text
    assert "+4,480" in text
    assert "even at 5.0 bps, now 32.4" in text
    assert "or profit +30, stop -80 bps, 50:00 left" in text
    due = open_trade()["exit"] | {"due": "take_profit"}
    scene.shown["trades"] = lambda: {"count": 1, "newest": [open_trade(exit=due)]}
    page.wait("document.querySelector('#trades').innerText.includes('due now: take profit')")
    scene.shown["trades"] = lambda: {
        "count": 1,
        "newest": [open_trade(exit=None, pnl_krw=None, premium_bps=None)],
    }
    page.wait("document.querySelector('#trades').innerText.includes('no price to close at')")
    assert page.console == []


def test_a_trade_that_closes_moves_from_one_list_to_the_other(tab, served, scene):
    page = enter(tab, served)
    now_ns = scene.clock.now_ns()
    scene.shown["trades"] = lambda: {"count": 0, "newest": []}
    scene.shown["closed"] = lambda: [closed_trade(now_ns, "T1", pnl_krw="-99"), closed_trade(now_ns)]
    page.wait("document.querySelector('#trades').innerText.includes('No trade is open')")
    page.wait("document.querySelector('#closed tr').dataset.trade === 'T1'")
    assert "-99" in page.text("#closed tr")
    assert "+2,512" in page.text("#closed tr:nth-child(2)")
    assert page.text("#open-count") == "0"


def test_profit_is_there_once_and_fees_in_sum(tab, served):
    page = enter(tab, served)
    strip = page.text(".strip")
    assert page.text("#pnl") == "+12,346"
    assert page.text("#pnl-rest") == "+8.82 USDT, +10,000 KRW realised"
    assert page.text("#fees") == "4,210"
    assert strip.count("+12,346") == 1


@pytest.mark.parametrize(
    ("language", "part", "none"),
    [("en", "tick to sent", "No order in the last"), ("ko", "호가 수신 → 전송", "주문이 없습니다")],
)
def test_the_latency_of_the_last_minutes_is_there_in_each_language(tab, served, scene, language, part, none):
    page = enter(tab, served, language)
    page.wait("document.querySelectorAll('#latency tr').length === 2")
    assert page.text("#latency tr").split("\t") == [part, "20.8", "43.1", "1,143.4"]
    scene.shown["latency"] = list
    page.wait(f"document.querySelector('#latency').innerText.includes('{none}')")
    assert page.console == []


def test_inventory_is_by_venue_and_what_has_no_price_is_no_sum(tab, served):
    page = enter(tab, served)
    text = page.text("#inventory")
    assert "binance, in all" in text
    assert "42,150,050" in text
    assert page.text("#inventory tr[data-venue=upbit] td:last-child") == "–"


def test_charts_have_a_time_axis_and_a_missing_minute_is_a_gap(tab, served, scene):
    page = enter(tab, served)
    page.wait("document.querySelectorAll('#coin-chart text.time').length >= 2")
    page.wait("document.querySelectorAll('#profit text.time').length >= 2")
    pieces = "(document.querySelector('#coin-chart path.premium').getAttribute('d').match(/M/g) ?? []).length"
    whole = page.run(pieces)
    now_ms = scene.clock.now_ns() // 1_000_000
    scene.past["BTC"] = [each for each in scene.past["BTC"] if not 60_000 < now_ms - each[0] < 150_000]
    page.open(served.url + "/")
    page.wait(READY)
    page.wait(f"document.querySelector('#coin-chart path.premium') && {pieces} === {whole} + 1")


def test_an_opportunity_says_what_it_was_and_why_it_was_not_taken(tab, served, scene):
    page = enter(tab, served)
    page.wait("document.querySelector('#chances tr[data-chance]') !== null")
    text = page.text("#chances tr")
    for part in ("XRP", "sell upbit", "3.0 s", "+61.3", "5,120,000", "+6,420", "balance upbit xrp"):
        assert part in text, part
    now_ns = scene.clock.now_ns()
    scene.shown["opportunities"] = lambda: [
        chance(now_ns, taken=True, trades=["T7"], reason="opened", coin="ETH"),
        chance(now_ns),
    ]
    page.wait("document.querySelectorAll('#chances tr').length === 2")
    assert "taken" in page.text("#chances tr")
    assert page.run("document.querySelector('#chances tr').title") == "T7"
    scene.shown["opportunities"] = list
    page.wait("document.querySelector('#chances').innerText.includes('No edge has been above')")
    assert page.console == []


def test_a_coin_is_shown_over_an_hour_a_day_and_a_month_with_both_edges(tab, served, scene):
    now_ms = scene.clock.now_ns() // 1_000_000
    page = enter(tab, served)
    page.click("[data-scale=hour]")
    page.wait(f"{EDGES} === 2")
    assert page.run("document.querySelector('#coin-chart path.band') !== null")
    assert "sell upbit" in page.text("#coin-keys")
    assert "buy upbit" in page.text("#coin-keys")
    assert not page.text("#coin-note")
    label = "document.querySelector('#coin-chart svg')?.ariaLabel"
    assert page.run(label) == "BTC: premium from +35.0 to +50.0, best edges +16.5, -70.0 basis points"
    page.click("#quotes tr:nth-child(2) button")
    page.wait(f"{label}?.startsWith('ETH')")
    scene.recorded = lambda scale: recorded(now_ms, scale, hole=range(20, 30))
    for scale, style in (("day", r"/^(\d\d-\d\d )?\d\d:\d\d$/"), ("month", r"/^\d\d-\d\d$/")):
        page.click(f"[data-scale={scale}]")
        page.wait(f"{PIECES} === 2")
        times = "[...document.querySelectorAll('#coin-chart text.time')]"
        assert page.run(f"{times}.length") >= 2
        assert page.run(f"{times}.every((each) => {style}.test(each.textContent))")
    assert scene.asked[:3] == [("BTC", "hour"), ("ETH", "hour"), ("ETH", "day")]
    page.open(served.url + "/")
    page.wait(f"document.querySelector('[data-scale=month]')?.ariaPressed === 'true' && {EDGES} === 2")
    page.click("[data-scale=now]")
    page.wait("document.querySelector('#coin-chart svg')?.ariaLabel.includes('net edge')")
    assert page.console == []


@pytest.mark.parametrize(
    ("language", "told"), [("en", "`record.enabled: true`"), ("ko", "기록하지 않습니다")]
)
def test_where_nothing_is_recorded_it_says_so_and_how_that_is_changed(tab, served, scene, language, told):
    now_ms = scene.clock.now_ns() // 1_000_000
    scene.recorded = lambda scale: recorded(now_ms, scale, is_recorded=False) | {"points": []}
    page = enter(tab, served, language)
    page.click("[data-scale=day]")
    page.wait("!document.querySelector('#coin-note').hidden")
    assert told in page.text("#coin-note")
    none = {"en": "nothing is recorded of this time", "ko": "이 기간에 기록된 것이 없습니다"}[language]
    assert page.text("#coin-chart") == none
    page.click("[data-scale=now]")
    page.wait("document.querySelector('#coin-note').hidden")


def test_a_record_that_cannot_be_read_is_named_and_read_again(tab, served, scene):
    working = scene.recorded

    def away(_scale):
        raise StoreUnavailable("postgres: connection refused")

    scene.recorded = away
    page = enter(tab, served)
    page.click("[data-scale=hour]")
    page.wait("document.querySelector('#coin-note').textContent === "
              "'Not readable now: postgres: connection refused'")  # fmt: skip
    scene.recorded = working
    page.wait(f"{EDGES} === 2")
    assert not page.text("#coin-note")


def test_under_pressure_it_says_what_it_shows_less_often(tab, served, scene):
    scene.is_lean = True
    page = enter(tab, served)
    page.wait("!document.querySelector('#banner').hidden")
    banner = page.text("#banner")
    assert "Shown less often" in banner
    assert "realised profit every 1 min" in banner
    assert "charts and depth every 10 s" in banner
    assert "Not readable" not in page.text("body")
    assert page.run("document.querySelector('.p-profit .gone.less') !== null")
    assert page.run("document.querySelectorAll('#profit path').length") > 0


def test_what_is_away_is_named_and_the_rest_goes_on(tab, served, scene):
    page = enter(tab, served)

    def away():
        raise StoreUnavailable("postgres: connection refused")

    scene.shown["closed"] = away
    page.wait("document.querySelector('#banner').textContent === 'Not readable now: closed trades'")
    assert "connection refused" in page.text(".p-closed .gone")
    assert page.run(READY)


@pytest.mark.parametrize("environment", ["mock", "paper", "live"])
def test_it_says_whose_figures_these_are(tab, served, scene, environment):
    now_ns = scene.clock.now_ns()
    scene.shown["session"] = lambda: session(now_ns, environment=environment)
    page = enter(tab, served)
    page.wait(f"document.title.startsWith('{environment}')")
    wanted = {"mock": "simulated exchanges", "paper": "simulated fills", "live": "real orders"}
    assert page.text("#environment") == f"{environment}: {wanted[environment]}"


def test_the_language_is_turned_and_stays(tab, served):
    page = enter(tab, served)
    assert page.run("document.documentElement.lang") == "en"
    page.click("#language")
    page.wait("document.documentElement?.lang === 'ko'")
    page.wait(READY)
    assert page.text(".p-trades h2").strip() == "진행 중인 거래"
    assert "5.0 bps에서 수렴, 현재 32.4" in page.text("#trades")
    assert "upbit 매도" in page.text("#trades")
    page.open(served.url + "/")
    page.wait("document.documentElement?.lang === 'ko'")
    page.wait(READY)
    page.click("#language")
    page.wait("document.documentElement?.lang === 'en'")
    assert page.console == []


def test_stopping_in_korean_asks_and_can_be_called_off(tab, served):
    page = enter(tab, served, "ko")
    page.click("#stop")
    page.wait("document.querySelector('#sure').open")
    assert "지금 거래를 중지할까요?" in page.text("#sure")
    page.click("#sure-no")
    page.wait("!document.querySelector('#sure').open")
    assert served.killed == []
    page.click("#stop")
    page.wait("document.querySelector('#sure').open")
    page.press("Enter")
    page.wait("!document.querySelector('#sure').open")
    assert served.killed == ["수동"]


def test_a_wrong_password_is_told_in_the_language_of_the_page(tab, served):
    page = tab()
    page.call("Network.clearBrowserCookies")
    page.open(served.url + "/login")
    for language, told in (("ko", "비밀번호가 맞지 않습니다."), ("en", "That is not the password.")):
        page.run(f"localStorage.setItem('arb-language', '{language}')")
        page.open(served.url + "/login")
        page.click("#password")
        page.type("wrong")
        page.press("Enter")
        page.wait(f"document.querySelector('#message')?.textContent === '{told}'")


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_every_light(tab, served, language, scheme):
    page = enter(tab, served, language)
    page.prefer(scheme)
    for scale in ("now", "hour"):
        page.click(f"[data-scale={scale}]")
        page.wait(f"{EDGES} === {1 if scale == 'now' else 2}")
        assert page.run(CONTRAST) >= 4.5


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_phone_shows_everything_without_scrolling_sideways(tab, served, scene, language):
    rows = scene.shown["inventory"]()
    rows.append(
        rows[0] | {"venue": "upbit", "held": "1202945.12", "free": "1202945.12", "worth_krw": "284326545123"}
    )
    scene.shown["inventory"] = lambda: rows
    page = enter(tab, served, language, 390, 844)
    page.wait("document.querySelector('#inventory').innerText.includes('284,326,545,123')")
    assert page.run("document.documentElement.scrollWidth") <= 390
    assert page.run("document.querySelector('#trades tr').getBoundingClientRect().height") < 120
    page.click("[data-scale=day]")
    page.wait(f"{EDGES} === 2")
    assert page.run("document.documentElement.scrollWidth") <= 390
    assert page.run("document.querySelector('#chances tr').getBoundingClientRect().height") < 60
    for part in ("#trades", "#closed", "#chances", "#inventory", "#coin-chart", "#profit", "#pnl"):
        assert page.run(f"document.querySelector('{part}').getBoundingClientRect().height") > 0


def test_every_control_has_a_name_and_nothing_is_left_without_words(tab, served):
    page = enter(tab, served, "ko")
    nameless = page.run(
        "[...document.querySelectorAll('button, input:not([hidden]), [role=img], [role=meter]')]"
        ".filter((each) => !(each.innerText || each.ariaLabel || each.labels?.length))"
        ".map((each) => each.outerHTML)"
    )
    assert nameless == []
    empty = page.run("[...document.querySelectorAll('[data-t]')].filter((each) => !each.textContent).length")
    assert empty == 0


# The least contrast of the text that is seen, of its own colour on the ground behind it.
CONTRAST = """
(() => {
  const curve = (c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const part = (value) => curve(value / 255);
  const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  const numbers = (text) => text.match(/[\\d.]+/g).map(Number);
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const found = numbers(getComputedStyle(each).backgroundColor);
      if (found.length === 3 || found[3] === 1) return found;
    }
    return [255, 255, 255];
  };
  const texts = 'main td, main th, main h2, main small, main b, main button, main .key, main .note, '
    + 'header span, header dd';
  const seen = [...document.querySelectorAll(texts)]
    .filter((each) => each.innerText.trim() && each.offsetParent && !each.closest('.pill'));
  return Math.min(...seen.map((each) => {
    const [one, two] = [numbers(getComputedStyle(each).color), ground(each)].map(light);
    return (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
  }));
})()
"""
