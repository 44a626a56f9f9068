"""A worker of one mode, without a broker: it runs the tasks that it reads, and names what it is through with.

ARB_MODE=paper python -m tests.known_losses.worker <<< "resolve_order a1-..."
"""

import sys
from contextlib import suppress
from typing import Final

from arb.domain.errors import ArbError
from workers.tasks import place_order, resolve_order, settle_trade

TASKS: Final = {"place_order": place_order, "resolve_order": resolve_order, "settle_trade": settle_trade}


def main() -> None:
    for line in sys.stdin:
        name, subject = line.split()
        with suppress(ArbError):  # to refuse what is not its own is right
            TASKS[name](subject)
        print(subject, flush=True)


if __name__ == "__main__":
    main()
