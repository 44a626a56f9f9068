"""Whether a fault that somebody asks for makes sense at a venue: one line that says what does not. Pure."""

from collections.abc import Sequence
from typing import Final

from arb.domain.market.ids import Venue
from arb.sim.core.fault_kinds import COMMON_FIELDS, SIDES, TABLE, FaultKind, FaultStage
from arb.sim.core.faults import Fault
from arb.sim.venues import SIMULATED

# What a field is when nobody sets it: a field that is not so was set.
UNSET: Final = {name: getattr(Fault(kind=FaultKind.REJECT), name) for name in Fault.__struct_fields__}
BY_SERVER: Final = frozenset({"kind", "fault_id", "strikes", "since_ns"})
OF_THE_RATE: Final = frozenset({FaultKind.RATE_MOVE})
DAY_S: Final = 86_400.0
NO_DICE: Final = frozenset({FaultStage.STANDING, FaultStage.MARKET})


def complaint(fault: Fault, venue: Venue, coins: Sequence[str]) -> str | None:
    """Return what is wrong with `fault` at a venue that trades `coins`, or None."""
    return _fields(fault) or _values(fault) or _place(fault, venue, coins)


def _fields(fault: Fault) -> str | None:
    row = TABLE[fault.kind]
    given = {name for name, unset in UNSET.items() if getattr(fault, name) != unset} - BY_SERVER
    missing = sorted(row.needs - given)
    if missing:
        return f"{fault.kind} needs {missing[0]}"
    foreign = sorted(given - row.needs - row.takes - set(COMMON_FIELDS))
    if foreign:
        return f"{fault.kind} takes no {foreign[0]}"
    if row.stage in NO_DICE and given & {"probability", "count", "client_id"}:
        return f"{fault.kind} is a condition: it takes no probability, count or client_id"
    if fault.kind is FaultKind.CHANGED_RULES and not given & row.takes:
        return f"{fault.kind} needs tick, lot or min_notional"
    return None


def _values(fault: Fault) -> str | None:
    sides = SIDES.get(fault.kind, ())
    least_bps = 0 if fault.kind is FaultKind.BOOK_HOLE else -10_000
    for is_right, text in (
        (0.0 <= fault.probability <= 1.0, "probability: 0 to 1"),
        (fault.count is None or fault.count > 0, "count: above 0"),
        (fault.delay_ms >= 0 or fault.kind is FaultKind.CLOCK_SKEW_MS, "delay_ms: not below 0"),
        (0.0 <= fault.after_s <= DAY_S, "after_s: 0 to 86400"),
        (fault.for_s is None or 0.0 < fault.for_s <= DAY_S, "for_s: above 0, at most 86400"),
        (0.0 <= fault.ramp_s <= DAY_S, "ramp_s: 0 to 86400"),
        (fault.hold_s is None or 0.0 <= fault.hold_s <= DAY_S, "hold_s: 0 to 86400"),
        (0.0 <= fault.recover_s <= DAY_S, "recover_s: 0 to 86400"),
        (fault.hold_s is not None or not fault.recover_s, "recover_s: needs hold_s"),
        (fault.side is None or fault.side in sides, f"side: one of {', '.join(sides)}"),
        (fault.bps is None or least_bps < fault.bps <= 1_000_000, f"bps: above {least_bps}, at most 1000000"),
        (fault.factor is None or 0 < fault.factor <= 1_000, "factor: above 0, at most 1000"),
        (fault.tick is None or fault.tick > 0, "tick: above 0"),
        (fault.lot is None or fault.lot > 0, "lot: above 0"),
        (fault.min_notional is None or fault.min_notional >= 0, "min_notional: not below 0"),
    ):
        if not is_right:
            return f"{fault.kind}: {text}"
    return None


def _place(fault: Fault, venue: Venue, coins: Sequence[str]) -> str | None:
    strangers = [coin for coin in fault.coins if coin not in coins]
    if strangers:
        return f"{fault.kind}: coins: {strangers[0]} is not traded here; {', '.join(coins)} are"
    if fault.kind in OF_THE_RATE and "USDT" not in coins:
        return f"{fault.kind}: only where USDT has a price, not at {venue}"
    if fault.lot is not None and SIMULATED[venue].market.lot is not None:
        return f"{fault.kind}: lot: {venue} has one for every market, which does not change"
    return None
