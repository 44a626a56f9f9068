"""Make docs/json.md from arb/cli/shapes.py: `python docs/make_json.py`."""

from pathlib import Path
from typing import Final

from arb.cli.shapes import SHAPES

PAGE: Final = Path(__file__).with_name("json.md")
HEAD: Final = """# JSON

Made by `make docs` from `arb/cli/shapes.py`. Every command prints one JSON document with `--json`, and
nothing else on standard output; `arb top` in a pipe and `arb chaos market`, `feeds`, `queue` and `state`
print one a line.

Each begins with `schema`, its command with dots, and the `version` of that shape. `arb resume` prints
`arb.up`, and a bounded `arb up` (`--once`, `--loops`) ends with `arb.down`. Fields are added without
notice, so leave alone what you do not know. The version goes up when a field is renamed, left out, or
means something else, and CHANGELOG.md says so.

Amounts are text, exact to the last digit; counts and times are numbers. Names end with their unit: `_ns`
is Unix time in nanoseconds or a span of them, `_ms`, `_s`, `_bps`, `_krw`. `null` is what cannot be
known now. A `?` marks what is there only sometimes.
"""


def page() -> str:
    """Return the reference of all shapes."""
    parts = [HEAD]
    for name, shape in SHAPES.items():
        rows = (f"| `{field}` | {words} |\n" for field, words in shape.fields.items())
        parts.append(
            f"\n## {name}\n\nVersion {shape.version}.\n\n| field | holds |\n| --- | --- |\n{''.join(rows)}"
        )
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page())
