"""Make docs/topics.md from arb/cli/topics.py: `python docs/make_topics.py`."""

import re
from pathlib import Path
from typing import Final

from arb.cli.topics import TOPICS

PAGE: Final = Path(__file__).with_name("topics.md")
HEAD: Final = (
    "# Topics\n\nMade by `make docs` from `arb/cli/topics.py`; `arb help TOPIC` prints each of them.\n"
)


def page() -> str:
    """Return all topics, those lines that are tables as they stand."""
    return HEAD + "".join(f"\n## {name}\n\n{_shown(text)}\n" for name, text in TOPICS.items())


def _shown(text: str) -> str:
    linked = re.sub(r"docs/([\w-]+\.md)", r"[\1](\1)", text.strip("\n"))
    return re.sub(r"^ +(?=\S)", "    ", linked, flags=re.MULTILINE)


if __name__ == "__main__":
    PAGE.write_text(page())
