"""What can be said of the compose file without starting it."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from arb.domain.market.ids import Venue

ROOT = Path(__file__).resolve().parents[1]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SECRETS = ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "FLOWER_PASSWORD", "WEB_PASSWORD", "METRICS_TOKEN")
OURS = {name: each for name, each in COMPOSE["services"].items() if each["image"] == "arb"}


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_service_is_limited_and_reachable_from_this_machine_only(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["mem_limit"] and service["cpus"] and service["logging"]
    assert all(str(port).startswith("127.0.0.1:") for port in service.get("ports", ()))


@pytest.mark.parametrize("name", OURS)
def test_our_containers_may_write_to_volumes_only_and_gain_no_privileges(name: str) -> None:
    service = OURS[name]
    assert service["read_only"] and service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_every_password_is_required() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    for name in SECRETS:
        uses = re.findall(r"\$\{" + name + r"[^}]*\}", text)
        assert uses and all(f"{name}:?{name} is missing" in use for use in uses)


def test_the_session_stops_before_what_it_needs_to_come_to_rest() -> None:
    needs = COMPOSE["services"]["session"]["depends_on"]
    assert {"worker", "worker-orders", "worker-housekeeping", "worker-fallback", "stream"} <= set(needs)


@pytest.mark.parametrize("venue", Venue)
def test_each_simulated_venue_is_where_mock_mode_looks_for_it(venue: Venue) -> None:
    service, mock = (
        COMPOSE["services"][f"sim-{venue}"],
        yaml.safe_load((ROOT / "config/mock.yml").read_text()),
    )
    port = urlsplit(mock[venue]["rest_url"]).port
    assert urlsplit(mock[venue]["rest_url"]).hostname == f"sim-{venue}"
    assert f"python -m arb.sim {venue} --host 0.0.0.0 --port {port} " in service["command"][-1]
    assert service["healthcheck"]["test"][-1] == f"http://127.0.0.1:{port}/sim/health"
    assert service["depends_on"] == {"world": {"condition": "service_completed_successfully"}}


@pytest.mark.parametrize("venue", Venue)
def test_the_keys_of_each_venue_are_passed_on_and_made_up(venue: Venue) -> None:
    example = (ROOT / ".env.example").read_text()
    for word in ("KEY", "SECRET"):
        name = f"ARB_{venue.upper()}__CREDENTIALS__{word}"
        assert COMPOSE["x-environment"][name] is None
        assert f"\n{name}=\n" in example
    assert "ARB_PAIR" in COMPOSE["x-environment"]


def compose() -> list[str] | None:
    """Return the compose command that is installed."""
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    found = shutil.which("docker") and subprocess.run(["docker", "compose", "version"], capture_output=True)
    return ["docker", "compose"] if found and found.returncode == 0 else None


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """A complete .env, as `make env` writes it."""
    file = tmp_path / "env"
    subprocess.run([ROOT / ".ci" / "env", file], check=True, capture_output=True)
    return file


def configured(environment: Path, *options: str) -> Any:
    command = compose()
    if command is None:
        pytest.skip("no compose is installed")
    return subprocess.run(
        [*command, "--env-file", str(environment), *options, "config"],
        cwd=ROOT, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin:/usr/local/bin"},
    )  # fmt: skip


def test_configuration_is_valid_with_every_profile(environment: Path) -> None:
    found = configured(environment, "--profile", "demo", "--profile", "bithumb", "--profile", "monitoring")
    assert found.returncode == 0, found.stderr
    assert set(yaml.safe_load(found.stdout)["services"]) == set(COMPOSE["services"])


@pytest.mark.parametrize("missing", SECRETS)
def test_a_missing_password_is_named(environment: Path, missing: str) -> None:
    kept = [line for line in environment.read_text().splitlines() if not line.startswith(missing)]
    environment.write_text("\n".join(kept) + "\n")
    found = configured(environment)
    assert found.returncode != 0
    assert f"{missing} is missing in .env" in found.stderr
