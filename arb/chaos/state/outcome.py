"""What came of one scenario."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from arb.domain.errors import ArbError
from arb.ports import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One line of `arb chaos state`."""

    name: str
    passed: bool
    recovery_s: float  # from the loss to a state that is whole, or that trades again
    detail: str

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "name": self.name,
            "passed": self.passed,
            "recovery_s": round(self.recovery_s, 3),
            "detail": self.detail,
        }


class Failed(Exception):
    """What a scenario expected did not happen."""


def expect(held: bool, what: str) -> None:
    """Raise: Failed, unless it held."""
    if not held:
        raise Failed(what)


def timed(clock: Clock, call: Callable[[], Any]) -> tuple[Any, float]:
    """Return what a call returns, and how many seconds it took."""
    began_ns = clock.now_ns()
    result = call()
    return result, (clock.now_ns() - began_ns) / 1_000_000_000


def judged(name: str, scenario: Callable[[], tuple[float, str]]) -> Outcome:
    """Run a scenario that returns (recovery seconds, detail); one that fails is an outcome too."""
    try:
        recovery_s, detail = scenario()
    except (Failed, ArbError) as error:
        return Outcome(name=name, passed=False, recovery_s=0.0, detail=f"{type(error).__name__}: {error}")
    return Outcome(name=name, passed=True, recovery_s=recovery_s, detail=detail)
