"""Steps of a market: of equal length, counted from its epoch."""


class StepTimes:
    """When which step is in force."""

    def __init__(self, epoch_ns: int, step_ns: int) -> None:
        self._epoch_ns, self._step_ns = epoch_ns, step_ns

    @property
    def step_ns(self) -> int:
        """Length of one step."""
        return self._step_ns

    def step_at(self, now_ns: int) -> int:
        """Return the step in force at `now_ns`; before the epoch it is step 0."""
        return max((now_ns - self._epoch_ns) // self._step_ns, 0)

    def starts_ns(self, step: int) -> int:
        """Return the time at which `step` begins."""
        return self._epoch_ns + step * self._step_ns
