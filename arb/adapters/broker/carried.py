"""What a worker still owes the broker from connections that it lost."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Carried:
    """Delivery tags, by what has to be done with them as soon as there is a connection again.

    A tag is added from any thread and leaves in one step, so no lock is needed.
    """

    finished: set[str] = field(default_factory=set)  # done, and the acknowledgement did not get through
    returned: set[str] = field(default_factory=set)  # to be delivered again: nobody here will run them
