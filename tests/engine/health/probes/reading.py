"""What a probe reads, by rule and subject."""

from decimal import Decimal


def readings(probe, now_ns: int) -> dict[tuple[str, str], Decimal]:
    return {(each.rule, each.subject): each.value for each in probe.read(now_ns)}
