"""Every document is in the index, no link leads nowhere, and every file that is cited exists."""

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted(CHECKOUT.glob("docs/**/*.md"))
PAGES = [*sorted(CHECKOUT.glob("*.md")), *DOCUMENTS]
TOP = CHECKOUT / "docs/README.md"
INDEXES = (TOP, CHECKOUT / "docs/decisions/README.md")
ROOMS = ("arb", "beat", "config", "docs", "migrations", "tests", "workers")
SOURCES = sorted(path for room in ROOMS for path in (CHECKOUT / room).glob("**/*.py"))
SETTINGS = [
    *(
        path
        for pattern in ("*.yml", "*.txt", "*.toml", "Makefile", "Dockerfile")
        for path in CHECKOUT.glob(pattern)
    ),
    *sorted((CHECKOUT / "config").glob("**/*.yml")),
]
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")
# A path from the top of the checkout, or a page by its name alone; no part of an address or of a longer path.
CITED = re.compile(rf"(?<![\w./:~<>{{}}$-])((?:{'|'.join(ROOMS)})/[\w./-]*\w|[\w-]+\.md)\b(?![/<{{*])")
# In pages also a path from the top of the package, in backticks: `engine/trading/settle`.
BELOW_ARB = re.compile(
    r"`((?:adapters|app|backtest|chaos|check|cli|domain|engine|ports|sim|stack|venues|web)/[\w/.]*\w)`"
)
DECISIONS = sorted(CHECKOUT.glob("docs/decisions/[0-9]*.md"))
DECIDED = re.compile(
    r"# (\d+)\. .+\n\n- \*\*Date:\*\* (\d{4}-\d\d-\d\d)\n- \*\*Status:\*\* \w.*\n\n"
    r"## Context\n\n[^#][\s\S]+\n## Decision\n\n[^#][\s\S]+\n## Consequences\n\n[^#]"
)
PLACEHOLDERS = frozenset({"config/MODE.yml", "docs/protocols/NAME.md"})


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


def exists(cited: str, beside: Path) -> bool:
    """Tell whether a file is there: from the top, among the documents, or beside the file that cites it."""
    places = (CHECKOUT / cited, CHECKOUT / "docs" / cited, beside / cited)
    return any(place.exists() or place.with_suffix(".py").exists() for place in places)


def below_arb(cited: str) -> bool:
    """Tell whether a module, a package, or a name within a module is below `arb`."""
    place = CHECKOUT / "arb" / cited
    return place.exists() or place.with_suffix(".py").exists()


def words_of(source: str) -> Iterator[str]:
    """Yield the comments of a Python file, and the strings that stand alone: its docstrings."""
    fresh = True
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and fresh):
            yield token.string
        if token.type not in (tokenize.COMMENT, tokenize.NL):
            fresh = token.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)


def missing(text: str, beside: Path) -> list[str]:
    return [cited for cited in CITED.findall(text) if cited not in PLACEHOLDERS and not exists(cited, beside)]


def name_of(path: Path) -> str:
    return str(path.relative_to(CHECKOUT))


def linked_from(index: Path) -> set[Path]:
    text = index.read_text(encoding="utf-8")
    return {(index.parent / path).resolve() for path, _ in LINK.findall(text) if path}


def test_the_indexes_have_every_document() -> None:
    indexed = set().union(*map(linked_from, INDEXES), {TOP})
    assert [name_of(document) for document in DOCUMENTS if document not in indexed] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_link_leads_nowhere(page: Path) -> None:
    assert dead_links(page) == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_file_that_a_page_cites_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert missing(text, page.parent) == []
    assert [cited for cited in BELOW_ARB.findall(text) if not below_arb(cited)] == []


def test_every_file_that_a_docstring_or_a_comment_cites_exists() -> None:
    cited = {
        name_of(path): missing("\n".join(words_of(path.read_text(encoding="utf-8"))), path.parent)
        for path in SOURCES
    } | {name_of(path): missing(path.read_text(encoding="utf-8"), path.parent) for path in SETTINGS}
    assert {name: found for name, found in cited.items() if found} == {}


@pytest.mark.parametrize("decision", DECISIONS, ids=name_of)
def test_a_decision_has_its_form_and_its_date_in_the_index(decision: Path) -> None:
    found = DECIDED.match(decision.read_text(encoding="utf-8"))
    assert found
    number, date = found.groups()
    assert decision.name.startswith(f"{int(number):04}-")
    row = rf"\| \[{number}\]\({re.escape(decision.name)}\) \| .+ \| {date} \|"
    assert re.search(row, (decision.parent / "README.md").read_text(encoding="utf-8"))


def test_every_page_that_is_made_is_made_by_make_docs() -> None:
    makefile = (CHECKOUT / "Makefile").read_text(encoding="utf-8")
    recipe = makefile.partition("\ndocs:")[2].partition("\n\n")[0]
    made = re.findall(r"\(([\w-]+)\.md\) ⚙", TOP.read_text(encoding="utf-8"))
    assert made
    assert [
        page for page in made if f"docs/{page}.md" not in recipe and f"make_{page}.py" not in recipe
    ] == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    document = tmp_path / "one.md"
    document.write_text("# One\n[a](#one) [b](two.md) [c](#two) [d](https://example.org)\n", encoding="utf-8")
    assert dead_links(document) == ["two.md", "#two"]


def test_a_file_that_is_not_there_is_found_in_docstrings_and_comments_only(tmp_path: Path) -> None:
    source = (
        '"""See docs/gone.md, gone-too.md, and arb/domain; not https://example.org/docs/there.md."""\n'
        'path = "docs/in-a-string.md"  # from arb/nowhere\n'
    )
    assert missing("\n".join(words_of(source)), tmp_path) == ["docs/gone.md", "gone-too.md", "arb/nowhere"]
