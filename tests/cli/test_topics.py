"""`arb help`: every topic is on its page, and what it names is there."""

import re
import runpy
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from arb.cli.main import app
from arb.cli.output import EXIT_CODES
from arb.cli.topics import TOPICS
from arb.domain.errors import ConfigError
from arb.stack.home import Home
from tests.cli.documents import documents
from tests.cli.test_main import leaves

CHECKOUT = Path(__file__).parents[2]
COMMANDS = {name for name, _ in leaves(get_command(app), "arb")} | {"arb trades", "arb sessions"}
RUN = CliRunner()


def test_the_page_is_of_these_topics() -> None:
    made = runpy.run_path(str(CHECKOUT / "docs" / "make_topics.py"))["page"]()
    assert (CHECKOUT / "docs" / "topics.md").read_text() == made, "`make docs` writes docs/topics.md anew"


def test_topics_are_listed_and_each_is_told() -> None:
    listed = RUN.invoke(app, ["help", "topics"]).stdout
    assert listed == RUN.invoke(app, ["help"]).stdout
    for name, text in TOPICS.items():
        assert f"arb help {name}\n" in listed
        assert RUN.invoke(app, ["help", name]).stdout == text.strip() + "\n"
    (found,) = documents(RUN.invoke(app, ["help", "--json"]).stdout)
    assert found["topics"].keys() == TOPICS.keys()


def test_what_is_no_topic_names_those_that_there_are() -> None:
    with pytest.raises(ConfigError, match=r"'nosuch' is no topic; there are modes, sessions, kill"):
        RUN.invoke(app, ["help", "nosuch"], catch_exceptions=False)


@pytest.mark.parametrize("name", TOPICS)
def test_commands_and_documents_that_a_topic_names_are_there(name: str) -> None:
    text = " ".join(TOPICS[name].split())
    for typed in re.findall(r"`(arb [^`]+)`", text):
        assert any(typed == command or typed.startswith(f"{command} ") for command in COMMANDS), typed
    pages = re.findall(r"docs/[\w-]+\.md", text)
    assert pages and all((CHECKOUT / page).exists() for page in pages)


def test_the_files_of_a_home_and_the_exit_codes_are_those_there_are(tmp_path: Path) -> None:
    named = set(re.findall(r"^  (\w+)/ ", TOPICS["home"], re.MULTILINE))
    home = Home(tmp_path)
    assert {home.postgres, home.redis, home.logs, home.run, home.sim} == {tmp_path / name for name in named}
    assert all(f"{code:<4} {text}" in TOPICS["exit-codes"] for code, text in EXIT_CODES.items())
