"""Every string of the page is in one table, in every language, and nothing else says anything."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import arb.web
from arb.app.trading import WATCHING
from arb.domain.market.opportunity import OPENED
from arb.domain.market.spread import RATE_AHEAD, RATE_FORGOTTEN, RATE_STALE, RATE_UNSETTLED, RATE_WIDE
from arb.domain.risk.stability import FAILING, UNANSWERED
from arb.domain.strategy.levels import FLICKERS, NO_RETURN, STAYS_AWAY
from arb.domain.strategy.pair import UNKNOWN
from arb.domain.trading.by_hand import PAUSED as COIN_PAUSED
from arb.engine.trading.chances import UNWANTED
from arb.web import login

ARB = Path(arb.web.__file__).parents[1]
REASONS = ("domain/risk", "engine/trading")
STATIC = Path(arb.web.__file__).with_name("static")
TABLE = STATIC / "words.js"
SCRIPTS = sorted(path for path in STATIC.glob("*.js") if path != TABLE)
PAGES = sorted(STATIC.glob("*.html"))
UNTRANSLATED = {"arb", "USDT/KRW", "KRW", "–", "arb unkill", "arb status", "arb top", "JavaScript!"}
SECTIONS = re.compile(r'Section\(name="(\w+)"')


def table(name: str) -> dict[str, dict[str, str]]:
    found = re.search(rf"export const {name} = (\{{.*?\n\}});", TABLE.read_text(encoding="utf-8"), re.S)
    assert found
    return json.loads(found[1])


WORDS, ENGINE_WORDS = table("WORDS"), table("ENGINE_WORDS")


class Texts(HTMLParser):
    """What a page says by itself, and the keys that it names."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.keys: list[str] = []
        self._tags: list[str] = []

    def handle_starttag(self, tag, attrs):
        self._tags.append(tag)
        for name, value in attrs:
            if name in ("data-t", "data-t-label", "data-t-title"):
                self.keys.append(value)
            elif name in ("aria-label", "title", "placeholder", "alt"):
                self.said.append(value)

    def handle_data(self, data):
        if data.strip() and self._tags[-1:] != ["title"]:
            self.said.append(data.strip())


def keys_of_scripts() -> set[str]:
    text = "\n".join(path.read_text() for path in SCRIPTS)
    return set(re.findall(r'\bt\("([\w.]+)"', text)) | set(
        re.findall(r'\bt\([^()"]*\? "([\w.]+)" : "[\w.]+"', text)
    )


def test_both_languages_have_every_key_and_fill_in_the_same():
    assert set(WORDS) == {"en", "ko"}
    assert WORDS["en"].keys() == WORDS["ko"].keys()
    for key, text in WORDS["en"].items():
        names = [sorted(re.findall(r"\{(\w+)\}", each)) for each in (text, WORDS["ko"][key])]
        assert names[0] == names[1], key
        assert WORDS["ko"][key].strip(), key


def test_korean_is_korean_but_for_words_that_are_the_same_everywhere():
    same = {key for key, text in WORDS["ko"].items() if not re.search("[가-힣]", text)}
    assert same <= {"language", "language.label", "risk.of", "event.order", "side.at"} | {
        f"latency.p{share}" for share in (50, 90, 99)
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_a_page_has_no_words_of_its_own(page):
    found = Texts()
    found.feed(page.read_text())
    assert set(found.said) - UNTRANSLATED == set()
    assert set(found.keys) <= WORDS["en"].keys()


def test_every_key_that_a_script_names_is_there():
    assert keys_of_scripts() - WORDS["en"].keys() == set()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_says_nothing_of_its_own(script):
    code = re.sub(r"//.*", "", script.read_text())
    said = re.findall(r'"([A-Z][a-z]+ [^"]*)"|`([A-Z][a-z]+ [^`]*)`', code)
    assert said == []


def test_every_section_has_a_name_in_both_languages():
    sections = SECTIONS.findall((STATIC.parent / "sections.py").read_text())
    assert len(sections) > 10
    for name in sections:
        assert f"section.{name}" in WORDS["en"]


def test_what_signing_in_answers_is_in_the_table():
    assert {login.WRONG, login.STALE, login.WAIT} <= WORDS["en"].keys()


def test_the_engines_words_are_words():
    assert all(text.strip() and key == key.lower() for key, text in ENGINE_WORDS["ko"].items())


def test_every_reason_not_to_open_has_a_korean_word():
    sources = "\n".join(path.read_text() for room in REASONS for path in (ARB / room).rglob("*.py"))
    named = set(re.findall(r'Denied\(f?"([a-z_]+?)_?["{]', sources))
    named |= set(re.findall(r'^        \("([a-z_]+)",', (ARB / "domain/risk/review.py").read_text(), re.M))
    named |= {STAYS_AWAY, FLICKERS, NO_RETURN, UNKNOWN, UNWANTED, WATCHING, OPENED, COIN_PAUSED}
    named |= {RATE_WIDE, RATE_UNSETTLED, RATE_STALE, RATE_AHEAD, RATE_FORGOTTEN, FAILING, UNANSWERED}
    assert len(named) > 40
    assert named - ENGINE_WORDS["ko"].keys() == set()


def test_no_key_is_said_twice():
    for part in re.split(r'^  "(?:en|ko)": \{', TABLE.read_text(), flags=re.MULTILINE)[1:]:
        keys = re.findall(r'"([^"]+)": "', part.split("\n  }")[0])
        assert sorted(keys) == sorted(set(keys))
