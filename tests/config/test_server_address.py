"""What is no address, or cannot be read, is one line that names the key and tells no secret."""

from pathlib import Path

import pytest

from arb.adapters.postgres.engine import make_engine
from arb.adapters.redis.client import connect
from arb.domain.errors import ConfigError
from config import addresses
from config.settings import Settings, load

MARK = "efGH34"


def read(home: Path, **environ: str) -> Settings:
    return load("mock", {"ARB_HOME": str(home), **environ})


def refusal(home: Path, **environ: str) -> str:
    with pytest.raises(ConfigError) as raised:
        read(home, **environ)
    text = str(raised.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("REDIS_URL", f"redis://:abCD12/{MARK}@redis.example:6379/0"),
        ("REDIS_URL", f"redis://user:12/{MARK}@redis.example:6379/0"),
        ("REDIS_URL", f"redis://user:12?{MARK}@redis.example:6379/0"),
        ("REDIS_URL", f"redis://:12#{MARK}@redis.example:6379/0"),
        ("REDIS_URL", f"http://:{MARK}@redis.example:6379/0"),
        ("REDIS_URL", f"redis://redis.example:66379/0?password={MARK}"),
        ("REDIS_URL", f"redis://redis.example/0?socket_timeout={MARK}"),
        ("REDIS_URL", f"sentinel://:{MARK}@redis.example:26379/0"),
        ("REDIS_URL", MARK),
        ("BROKER_URL", f"amqp://arb:abCD12/{MARK}@rabbit.example:5672//"),
        ("BROKER_URL", f"redis://:{MARK}@redis.example:6379/0"),
        ("BROKER_URL", f"amqp://rabbit.example//;{MARK}"),
        ("DATABASE_URL", "nonsense" + MARK),
        ("DATABASE_URL", f"postgresql://arb:{MARK}@postgres.example:port/arb"),
        ("DATABASE_URL", f"postgresql://arb:{MARK}@postgres.example:65536/arb"),
        ("DATABASE_URL", f"postgresql://arb:ab@{MARK}@postgres.example/arb"),
        ("DATABASE_URL", f"postgresql://arb:[{MARK}@postgres.example/arb"),
        ("DATABASE_URL", f"mysql://arb:{MARK}@postgres.example/arb"),
        ("ALERTS__WEBHOOK_URL", MARK),
        ("ALERTS__WEBHOOK_URL", f"https:///{MARK}"),
        ("ALERTS__WEBHOOK_URL", f"https://hooks.example:port/{MARK}"),
        ("WATCHDOG__DEAD_MAN_URL", MARK),
        ("WATCHDOG__DEAD_MAN_URL", f"ftp://ping.example/{MARK}"),
    ],
)
def test_what_is_no_address_is_refused_by_its_key_and_stays_untold(tmp_path, name, address):
    text = refusal(tmp_path, **{f"ARB_{name}": address})
    assert text.startswith(f"{name.lower().replace('__', '.')}: ")
    assert "is no address as " in text
    assert f"ARB_{name}" in text
    assert MARK.lower() not in text.lower()
    assert "abcd12" not in text.lower()


@pytest.mark.parametrize(
    "address",
    [
        "redis://127.0.0.1:6379/0", "redis://redis", "rediss://user:ab%2Fcd%40@redis.example:6380/1",
        "unix:///run/redis.sock?db=1", "unix://user:password@/run/redis.sock",
        "sentinel://:of%2Fservers@one:26379,two/0?master=primary&sentinel_password=p@ss", "redis://[::1]:6379/0",
    ],
)  # fmt: skip
def test_a_redis_is_taken_as_its_client_takes_it(tmp_path, address):
    connect(addresses.redis_url(read(tmp_path, ARB_REDIS_URL=address))).close()


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://arb@/arb?host=/run/postgresql", "postgresql+psycopg2://arb:ab%2Fcd@postgres.example/arb",
        "postgres://arb:password@10.0.0.1:5432/arb?sslmode=require", "postgresql://arb:ab/cd@postgres.example/arb",
    ],
)  # fmt: skip
def test_a_database_is_taken_as_its_client_takes_it(tmp_path, address):
    make_engine(addresses.database_url(read(tmp_path, ARB_DATABASE_URL=address))).dispose()


def test_a_cluster_of_rabbits_and_addresses_on_the_web_are_taken(tmp_path):
    read(
        tmp_path, ARB_BROKER_URL="amqp://u:p@one:5672//;amqps://u:p%40@two/arb",
        ARB_ALERTS__WEBHOOK_URL="http://127.0.0.1:9/@desk?key=1", ARB_WATCHDOG__DEAD_MAN_URL="https://ping.example/a#b",
    )  # fmt: skip


@pytest.mark.parametrize("name", ["REDIS_URL", "DATABASE_URL", "BROKER_URL"])
def test_an_empty_address_is_none(tmp_path, name):
    settings = read(tmp_path, **{f"ARB_{name}": ""})
    with pytest.raises(ConfigError, match="is not set"):
        addresses.redis_url(settings)
    with pytest.raises(ConfigError, match="is not set"):
        addresses.database_url(settings)


@pytest.mark.parametrize("content", [b"risk: \xff\xfe", b"web:\n  port: 2024-13-45\n", b"a: [1, 2"])
def test_a_file_that_is_no_yaml_is_named(tmp_path, content):
    path = tmp_path / "own.yml"
    path.write_bytes(content)
    assert refusal(tmp_path, ARB_CONFIG=str(path)).startswith(f"{path}: cannot be read as YAML: ")


def test_a_secret_that_is_no_text_is_named(tmp_path):
    path = tmp_path / "secret"
    path.write_bytes(b"\xff\xfe" + MARK.encode())
    text = refusal(tmp_path, ARB_REDIS_URL_FILE=str(path))
    assert text.startswith(f"ARB_REDIS_URL_FILE: {path}: is not UTF-8 text")


def test_a_section_that_is_set_whole_and_in_part_is_named(tmp_path):
    for environ in ({"ARB_RISK": "5", "ARB_RISK__X": "1"}, {"ARB_RISK__X": "1", "ARB_RISK": "5"}):
        text = refusal(tmp_path, **environ)
        assert text.startswith("ARB_RISK: ")
        assert "ARB_RISK__X" in text
