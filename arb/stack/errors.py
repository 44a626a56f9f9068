"""What can go wrong with the stack itself. Each prints as one line that says what to do next."""

from pathlib import Path

from arb.domain.errors import ArbError


class StackError(ArbError):
    """Root of what the runtime raises; `str()` is fit for the operator."""


class StackNotRunning(StackError):
    """There is nothing to talk to in this home."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.home = home

    def __str__(self) -> str:
        return f"no stack is running in {self.home}; start one with `arb up --mode mock`"


class StackAlreadyRunning(StackError):
    """One home holds one stack."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.home = home

    def __str__(self) -> str:
        return f"a stack is already running in {self.home}; stop it with `arb down`, or set another ARB_HOME"


class StackBusy(StackError):
    """Another command is starting, stopping or reading the stack of this home right now."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.home = home

    def __str__(self) -> str:
        return (
            f"another command is starting, stopping or reading the stack in {self.home}; wait for it to end"
        )


class StartFailed(StackError):
    """A process did not come up: `name` of it, the last words it said, and where the rest is."""

    def __init__(self, name: str, reason: str, log: Path) -> None:
        super().__init__(name, reason, log)
        self.name, self.reason, self.log = name, reason, log

    def __str__(self) -> str:
        return f"{self.name} did not start: {self.reason} (more in {self.log})"


class TookTooLong(StackError):
    """Something awaited did not happen: `what`, the limit in seconds, and how it stood at the end."""

    def __init__(self, what: str, limit_s: float, last: str) -> None:
        super().__init__(what, limit_s, last)
        self.what, self.limit_s, self.last = what, limit_s, last

    def __str__(self) -> str:
        return f"{self.what} took more than {self.limit_s:g} s: {self.last}"


class ServerMissing(StackError):
    """No server program was found, and how to get one."""
