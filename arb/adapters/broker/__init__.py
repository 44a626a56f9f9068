"""kombu's Redis transport, hardened: a message is in a queue or held by a consumer, never in between.

The keys and the format are kombu's own, so its workers, its tools and `LLEN queue` see what they expect,
and a fleet can be moved to this transport and back one process at a time. docs/upstream.md lists each
difference and why.
"""

from arb.adapters.broker.redis_transport import SentinelTransport, Transport

__all__ = ["SentinelTransport", "Transport"]
