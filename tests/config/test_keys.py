"""Keys of the venues in the settings: from the environment, from files, from YAML, and never in an error."""

import traceback
from pathlib import Path

import pytest
import yaml

from arb.domain.errors import ConfigError
from config.settings import Settings, load

KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
VARIABLES = [
    f"ARB_{venue}__CREDENTIALS__{part}" for venue in ("BINANCE", "UPBIT") for part in ("KEY", "SECRET")
]
AROUND = ["{}\n", "{}\r\n", " {} ", '"{}"', "'{}'\n", "\ufeff{}"]
WITHIN = ["", " \n", '""', "{} {}", "{}\n{}", "{}\x00{}", "{}\u00e9", '"{}']


def read(home: Path, variables: dict[str, str], mode: str = "mock") -> Settings:
    return load(mode, {"ARB_HOME": str(home), **variables})


def with_one(variable: str, text: str) -> dict[str, str]:
    return {**dict.fromkeys(VARIABLES, KEY), variable: text}


def value(settings: Settings, variable: str) -> str:
    venue, part = variable.split("_")[1].lower(), variable.rpartition("_")[2].lower()
    return getattr(getattr(settings, venue).credentials, part).get_secret_value()


def refusal(home: Path, variables: dict[str, str]) -> str:
    with pytest.raises(ConfigError) as raised:
        read(home, variables)
    told = "".join(traceback.format_exception(raised.value))
    assert KEY not in told
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize("variable", VARIABLES)
@pytest.mark.parametrize("form", AROUND)
def test_what_is_around_a_key_is_taken_off(tmp_path: Path, variable: str, form: str):
    assert value(read(tmp_path, with_one(variable, form.format(KEY))), variable) == KEY
    path = tmp_path / "key"
    path.write_bytes(form.format(KEY).encode())
    variables = with_one(variable, KEY)
    variables[f"{variable}_FILE"] = str(path)
    del variables[variable]
    assert value(read(tmp_path, variables), variable) == KEY


@pytest.mark.parametrize("variable", VARIABLES)
@pytest.mark.parametrize("form", WITHIN)
def test_what_is_no_key_is_one_line_that_names_the_variable(tmp_path: Path, variable: str, form: str):
    assert variable in refusal(tmp_path, with_one(variable, form.format(KEY, KEY)))
    path = tmp_path / "key"
    path.write_bytes(form.format(KEY, KEY).encode())
    variables = with_one(variable, KEY)
    variables[f"{variable}_FILE"] = str(path)
    del variables[variable]
    assert variable in refusal(tmp_path, variables)


@pytest.mark.parametrize("form", WITHIN)
def test_a_yaml_file_is_no_other_way_in(tmp_path: Path, form: str):
    own = tmp_path / "own.yml"
    own.write_text(yaml.safe_dump({"upbit": {"credentials": {"key": form.format(KEY, KEY), "secret": KEY}}}))
    assert "ARB_UPBIT__CREDENTIALS__KEY" in refusal(tmp_path, {"ARB_CONFIG": str(own)})


@pytest.mark.parametrize(
    "line", [f"key: *{KEY}", f"key: !{KEY}", f'key: "{KEY}', f"key: @{KEY}", f"{KEY}: [", f"key: %{KEY}"]
)
def test_a_file_that_is_no_yaml_tells_the_line_and_not_what_is_in_it(tmp_path: Path, line: str):
    own = tmp_path / "own.yml"
    own.write_text(f"upbit:\n  credentials:\n    {line}\n")
    assert str(own) in refusal(tmp_path, {"ARB_CONFIG": str(own)})


def test_a_key_where_the_name_of_its_file_belongs_is_not_told(tmp_path: Path):
    assert "ARB_UPBIT__CREDENTIALS__KEY_FILE" in refusal(tmp_path, {"ARB_UPBIT__CREDENTIALS__KEY_FILE": KEY})


@pytest.mark.parametrize("form", WITHIN)
def test_paper_mode_does_not_look_at_keys(tmp_path: Path, form: str):
    settings = read(tmp_path, with_one(VARIABLES[0], form.format(KEY, KEY)), "paper")
    assert settings.binance.credentials is None
