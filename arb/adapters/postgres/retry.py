"""Another attempt at a transaction that was interrupted: the only retry between us and PostgreSQL.

Only failures that pass by themselves are tried again (`failures.Interrupted`), and a commit whose answer
was lost only where doing it twice does no harm:

    record, absent, book_entry, book_moves, open_beside, save, set_mode, name_accounts, reads
                                                the same again changes nothing
    open_trade                                  a trade that is there is the one we wrote
    open_reviewed                               what we wrote has moved the mark: then as open_trade
    change_mode                                 a mode that stands as we wrote it is ours
    claim, release, lose, add_orders, repair_again, create, recovered
                                                never: the caller reads again, or a sweep does
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Concatenate, Final, ParamSpec, Protocol, TypeVar, cast

from arb.adapters.local.clock import SystemClock
from arb.adapters.postgres.failures import CommitUnknown, TransactionInterrupted
from arb.ports.market import Clock

WAITS_MS: Final = (100, 200, 400)
Given = ParamSpec("Given")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How often, and on whose clock."""

    waits_ms: tuple[int, ...] = WAITS_MS
    clock: Clock = field(default_factory=SystemClock)

    def run(self, call: Callable[[], Result], again: tuple[type[Exception], ...]) -> Result:
        """Return what `call` returns; after a failure of these kinds try again. Raises: the last one."""
        for wait_ms in self.waits_ms:
            try:
                return call()
            except again:
                self.clock.sleep_ms(wait_ms)
        return call()


class Retries(Protocol):
    """A store that knows how often to try."""

    @property
    def retry(self) -> Retry: ...


Store = TypeVar("Store", bound=Retries)
Method = Callable[Concatenate[Store, Given], Result]


def harmless_twice(method: Method[Store, Given, Result]) -> Method[Store, Given, Result]:
    """Try again also where the commit may have happened: the method finds what it did and agrees."""
    return _retried(method, (TransactionInterrupted, CommitUnknown))


def interrupted_only(method: Method[Store, Given, Result]) -> Method[Store, Given, Result]:
    """Try again only where nothing was committed."""
    return _retried(method, (TransactionInterrupted,))


def _retried(
    method: Method[Store, Given, Result], again: tuple[type[Exception], ...]
) -> Method[Store, Given, Result]:
    @wraps(method)
    def retried(store: Store, /, *args: Given.args, **kwargs: Given.kwargs) -> Result:
        return store.retry.run(lambda: method(store, *args, **kwargs), again)

    return cast(Method[Store, Given, Result], retried)
