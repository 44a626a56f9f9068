"""Every metric of the stack: its name with its unit, what it means, its labels. Dashboards use these only."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily


class _Kind(Enum):
    """What may happen to a metric."""

    GAUGE = GaugeMetricFamily
    COUNTER = CounterMetricFamily  # only ever grows while a session lasts


@dataclass(frozen=True, slots=True)
class Metric:
    """One Prometheus metric: name, help text and labels."""

    name: str
    help: str
    labels: tuple[str, ...] = ()

    @property
    def kind(self) -> _Kind:
        """Return the metric's type, by the end of its name."""
        return _Kind.COUNTER if self.name.endswith("_total") else _Kind.GAUGE


METRICS: Final = (
    Metric("arb_source_up", "1 if the source could be read at this scrape", ("source",)),
    Metric("arb_quote_age_seconds", "Since we received the newest book", ("venue", "symbol")),
    Metric("arb_premium_bps", "The first venue above the second, middle to middle, before costs", ("coin",)),
    Metric("arb_edge_bps", "Net edge of the better way: fees, depth and rate paid", ("coin",)),
    Metric("arb_krw_per_usdt", "The KRW/USDT rate in use"),
    Metric("arb_mode", "1 for the mode that the session is in", ("mode",)),
    Metric("arb_killed", "1 while the kill switch is on"),
    Metric("arb_degradation_degree", "0 full, 1 no history and charts, 2 near coins only, 3 shallow books"),
    Metric("arb_session_start_seconds", "When the session began, Unix time"),
    Metric("arb_trades_open", "Trades that have not ended"),
    Metric("arb_trades_unhedged", "Trades, open or escalated, of which one leg has more than the other"),
    Metric("arb_unhedged_age_seconds", "Since the oldest uneven trade was sent or its repair began"),
    Metric("arb_trades_total", "Trades that ended, by how", ("state",)),
    Metric("arb_orders_total", "Orders that ended, by how", ("venue", "state")),
    Metric("arb_orders_working", "Orders that have not ended, by state", ("venue", "state")),
    Metric("arb_order_unknown_age_seconds", "Since the oldest order in doubt was sent; 0 if none"),
    Metric(
        "arb_order_latency_seconds", "From the receipt of a book on, last five minutes", ("stage", "quantile")
    ),
    Metric("arb_fills_total", "Fills booked"),
    Metric("arb_fees_total", "Fees paid, in units of the asset", ("venue", "asset")),
    Metric("arb_pnl_krw", "Profit of the session, open pairs at the newest prices"),
    Metric("arb_realised_krw", "Profit of the session's ended trades"),
    Metric("arb_refusals_total", "Openings denied, by reason", ("reason",)),
    Metric("arb_events_total", "Everything else that processes count", ("name", "reason")),
    Metric("arb_risk_used_ratio", "Share of a risk ceiling that is used", ("limit",)),
    Metric("arb_net_direction_krw", "What open pairs are long in USDT; below 0 in KRW"),
    Metric("arb_net_direction_limit_krw", "Its ceiling, both ways"),
    Metric("arb_inventory_drift_krw", "What fills have moved from KRW into USDT; below 0 the other way"),
    Metric("arb_inventory_drift_limit_krw", "Its ceiling, both ways"),
    Metric("arb_queue_depth", "Messages that wait", ("queue", "broker")),
    Metric("arb_process_up", "1 if the supervisor says that it runs", ("process",)),
    Metric("arb_process_uptime_seconds", "Since its last start", ("process",)),
    Metric("arb_process_exits_total", "Ends that nobody asked for", ("process",)),
    Metric("arb_process_resident_bytes", "Memory with all it started, shared pages shared out", ("process",)),
    Metric("arb_heartbeat_age_seconds", "Since the process gave a sign of life", ("process",)),
    Metric("arb_snapshot_age_seconds", "Since the newest snapshot of the session"),
    Metric("arb_alerts_total", "Alerts raised", ("kind", "severity")),
    Metric("arb_dead_letters", "Messages that were given up and wait for `arb dead replay` or `drop`"),
    Metric("arb_redis_memory_bytes", "What Redis uses"),
)
BY_NAME: Final[Mapping[str, Metric]] = MappingProxyType({metric.name: metric for metric in METRICS})
