"""One scrape: labels, help, and what is away."""

from arb.adapters.local.clock import ManualClock
from arb.domain.errors import StoreUnavailable
from arb.web.scrape import Exporter


def scraped(**sources):
    return Exporter(sources, ManualClock()).text().decode()


def test_a_sample_has_its_labels_and_its_help():
    text = scraped(quotes=lambda: [("arb_premium_bps", ("BTC",), 12.5)])
    assert 'arb_premium_bps{coin="BTC"} 12.5' in text
    assert "# HELP arb_premium_bps The first venue above the second" in text
    assert 'arb_source_up{source="quotes"} 1.0' in text


def test_a_counter_keeps_its_name():
    text = scraped(orders=lambda: [("arb_orders_total", ("upbit", "filled"), 3)])
    assert 'arb_orders_total{state="filled",venue="upbit"} 3.0' in text or (
        'arb_orders_total{venue="upbit",state="filled"} 3.0' in text
    )


def test_a_source_that_is_away_is_named_and_the_others_are_there():
    def away():
        yield "arb_trades_open", (), 4
        raise StoreUnavailable("gone")

    text = scraped(trades=away, broker=lambda: [("arb_queue_depth", ("orders", "redis"), 0)])
    assert 'arb_source_up{source="trades"} 0.0' in text
    assert 'arb_source_up{source="broker"} 1.0' in text
    assert "arb_queue_depth{" in text


def test_scrapes_close_together_read_once():
    reads = []
    clock = ManualClock()
    exporter = Exporter({"trades": lambda: reads.append(1) or []}, clock)
    exporter.text()
    exporter.text()
    assert len(reads) == 1
    clock.advance_ms(2_001)
    exporter.text()
    assert len(reads) == 2
