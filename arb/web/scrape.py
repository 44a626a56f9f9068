"""One scrape: every source is read, and one that is away is said to be."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from threading import Lock
from typing import Any, Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric as Family
from prometheus_client.registry import Collector

from arb.domain.errors import ArbError
from arb.ports.market import Clock
from arb.web.catalogue import BY_NAME, METRICS

Sample = tuple[str, tuple[str, ...], Decimal | float]
Source = Callable[[], Iterable[Sample]]
KEPT_NS: Final = 2_000_000_000  # two scrapers in a row cost one


class Exporter:
    """Answers scrapes; one reading at a time."""

    def __init__(self, sources: Mapping[str, Source], clock: Clock) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Scrape(sources))
        self._clock, self._lock = clock, Lock()
        self._text, self._until_ns = b"", 0

    def text(self) -> bytes:
        """Return everything in Prometheus' text format; safe between threads."""
        with self._lock:
            if self._clock.steady_ns() >= self._until_ns:
                self._text = generate_latest(self._registry)
                self._until_ns = self._clock.steady_ns() + KEPT_NS
            return self._text


class _Scrape(Collector):
    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = sources

    def describe(self) -> list[Family]:
        return []  # nothing is read before the first scrape

    def collect(self) -> Iterator[Family]:
        families: dict[str, Any] = {
            metric.name: metric.kind.value(metric.name, metric.help, labels=metric.labels)
            for metric in METRICS
        }
        for name, source in self._sources.items():
            _add(families, ("arb_source_up", (name,), float(_gather(families, source))))
        yield from families.values()


def _gather(families: Mapping[str, Any], source: Source) -> bool:
    """Add a source's samples, and tell whether all of it could be read."""
    try:
        for sample in source():
            _add(families, sample)
    except ArbError:
        return False
    return True


def _add(families: Mapping[str, Any], sample: Sample) -> None:
    """Put a sample into its family; one that no catalogue names is a bug."""
    name, labels, value = sample
    assert len(labels) == len(BY_NAME[name].labels), name
    families[name].add_metric(labels, float(value))
