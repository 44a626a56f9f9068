"""What a command printed with `--json`: every document of it has the shape that is written down."""

import json
from typing import Any

from arb.cli.shapes import SHAPES, Shape


def documents(stdout: str) -> list[dict[str, Any]]:
    """Return the documents. Raises: AssertionError where one has another shape than its name says."""
    decoder, found = json.JSONDecoder(), []
    rest = stdout.lstrip()
    while rest:
        document, end = decoder.raw_decode(rest)
        require_shape(document)
        found.append(document)
        rest = rest[end:].lstrip()
    return found


def require_shape(document: Any) -> None:
    """Raise AssertionError unless a document has a known shape."""
    assert isinstance(document, dict), f"no object: {document}"
    assert list(document)[:2] == ["schema", "version"], f"no name and version: {list(document)[:2]}"
    shape = SHAPES[document["schema"]]
    assert document["version"] == shape.version
    assert not faults(document, shape), (document["schema"], faults(document, shape))


def faults(document: dict[str, Any], shape: Shape) -> set[str]:
    """Return the fields that are undocumented or missing."""
    has = document.keys() - {"schema", "version"}
    always = {name for name in shape.fields if not name.endswith("?")}
    return (has - {name.rstrip("?") for name in shape.fields}) | (always - has)
