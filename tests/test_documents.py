"""Every document is in the index of README.md, and no link leads nowhere."""

import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted(CHECKOUT.glob("docs/**/*.md"))
INDEXED_BY_FOLDER = ("decisions", "protocols")
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")


def anchors(document: Path) -> set[str]:
    """Return the anchors of a document's headings, as the forges make them."""
    heads = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.strip().lower()).replace(" ", "-") for head in heads}


def dead_links(document: Path) -> list[str]:
    found = []
    for path, anchor in LINK.findall(document.read_text(encoding="utf-8")):
        target = (document.parent / path).resolve() if path else document
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            found.append(f"{path}#{anchor}" if anchor else path)
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_the_index_has_every_document(document: Path) -> None:
    where = document.relative_to(CHECKOUT)
    wanted = where.parent if where.parts[1] in INDEXED_BY_FOLDER else where
    assert f"({wanted})" in (CHECKOUT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name", ["README.md", "CHANGELOG.md", *(str(p.relative_to(CHECKOUT)) for p in DOCUMENTS)]
)
def test_no_link_leads_nowhere(name: str) -> None:
    assert dead_links(CHECKOUT / name) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    document = tmp_path / "one.md"
    document.write_text("# One\n[a](#one) [b](two.md) [c](#two) [d](https://example.org)\n", encoding="utf-8")
    assert dead_links(document) == ["two.md", "#two"]
