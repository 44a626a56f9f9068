"""What each process takes, as lines of `sys_monitor.log`; what could not be read is `-`."""

from collections.abc import Mapping, Sequence

import structlog

from arb.engine.health.probes.machine import ProcessUsage


class LoggedSamples:
    """Writes samples of processes to the log."""

    def write(self, usages: Sequence[ProcessUsage]) -> None:
        log = structlog.get_logger("arb.sys_monitor")
        for usage in usages:
            log.info("process_sample", **_facts_of(usage))


def _facts_of(usage: ProcessUsage) -> Mapping[str, object]:
    """Return the names and values of a line."""
    facts = {
        "process": usage.name,
        "cpu_pct": usage.cpu_pct,
        "rss_mb": usage.rss_mb,
        "fds": usage.descriptors,
        "threads": usage.threads,
    }
    return {name: "-" if value is None else value for name, value in facts.items()}
