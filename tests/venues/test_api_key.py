"""Keys as they are copied: what is around them is taken off, what is no key is refused and not told."""

import traceback

import pytest

from arb.domain.errors import ConfigError
from arb.venues.api_key import ApiKey, cleaned

KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
AROUND = [
    "{}\n", "{}\r\n", "\n{}", " {} ", "\t{}\n\n", '"{}"', "'{}'", '"{}"\n', ' " {} "', "\ufeff{}\n",
    "\u201c{}\u201d",
]  # fmt: skip
WITHIN = [
    "", " ", "\n", '""', "''", '" "', "{} {}", "{}\n{}", "{}\r\n{}", "{}\x00{}", "{}\x7f", "{}\u00e9",
    "{}\u200b{}",
    "\udcff{}", '"{}', "{}'", "{}\x1b[0m{}", "{}\u2028{}",
]  # fmt: skip


@pytest.mark.parametrize("form", AROUND)
def test_what_is_around_a_key_is_taken_off(form: str):
    assert cleaned(form.format(KEY)) == KEY


@pytest.mark.parametrize("form", WITHIN)
def test_what_is_no_key_is_refused_in_one_line_without_it(form: str):
    with pytest.raises(ValueError, match=r"^(is empty|holds)") as refusal:
        cleaned(form.format(KEY, KEY))
    told = "".join(traceback.format_exception(refusal.value))
    assert "\n" not in str(refusal.value)
    assert KEY not in told


@pytest.mark.parametrize("form", WITHIN)
@pytest.mark.parametrize("part", ["key", "secret"])
def test_no_client_is_made_of_what_is_no_key(form: str, part: str):
    parts = {"key": KEY, "secret": KEY, part: form.format(KEY, KEY)}
    with pytest.raises(ConfigError, match=rf"^credentials\.{part}: ") as refusal:
        ApiKey(**parts)
    assert KEY not in str(refusal.value)
