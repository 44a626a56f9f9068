"""The result of one scenario: a line for a person, or JSON."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from arb.domain.errors import ArbError
from arb.ports.market import Clock

Scenario = Callable[[], tuple[float, str]]  # returns (recovery seconds, detail); Raises: Failed


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioResult:
    """One line of `arb chaos state` and its like."""

    name: str
    passed: bool
    recovery_s: float  # from the loss, or its end, to normal service
    detail: str

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> "ScenarioResult":
        """Return the scenario of a document that a command printed."""
        return cls(**{field.name: told[field.name] for field in fields(cls)})

    def as_json(self) -> dict[str, Any]:
        """Return the scenario's name, verdict, recovery time (s) and detail as JSON."""
        return {
            "name": self.name,
            "passed": self.passed,
            "recovery_s": round(self.recovery_s, 3),
            "detail": self.detail,
        }


class Failed(Exception):
    """What a scenario expected did not happen."""

    def __init__(self, what: str, recovery_s: float = 0.0) -> None:
        super().__init__(what, recovery_s)
        self.what, self.recovery_s = what, recovery_s

    def __str__(self) -> str:
        return self.what


def expect(held: bool, what: str, recovery_s: float = 0.0) -> None:
    """Raise: Failed, unless it held."""
    if not held:
        raise Failed(what, recovery_s)


def timed(clock: Clock, call: Callable[[], Any]) -> tuple[Any, float]:
    """Return what a call returns, and how many seconds it took."""
    began_ns = clock.now_ns()
    result = call()
    return result, (clock.now_ns() - began_ns) / 1_000_000_000


def judged(name: str, scenario: Scenario) -> ScenarioResult:
    """Run one scenario; one that fails is an outcome too."""
    try:
        recovery_s, detail = scenario()
    except (Failed, ArbError) as error:
        took_s = getattr(error, "recovery_s", 0.0)
        return ScenarioResult(
            name=name, passed=False, recovery_s=took_s, detail=f"{type(error).__name__}: {error}"
        )
    return ScenarioResult(name=name, passed=True, recovery_s=recovery_s, detail=detail)


def run_all(scenarios: Mapping[str, Scenario]) -> Iterator[ScenarioResult]:
    """Run scenarios one after the other; return what came of each as it comes."""
    for name, scenario in scenarios.items():
        yield judged(name, scenario)
