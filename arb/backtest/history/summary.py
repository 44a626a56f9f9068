"""What candles are kept: spans, and where nothing was traded or the venue was away."""

from typing import Any

import numpy as np
import pyarrow.parquet as pq

from arb.backtest.history.candle_archive import CandleArchive
from arb.backtest.reading.series import Array
from arb.backtest.result.document import moment
from arb.domain.market.ids import Symbol, Venue
from arb.domain.time import NS_PER_S


def summary(archive: CandleArchive) -> list[dict[str, Any]]:
    """Return each market's span, rows and holes. A hole is never filled."""
    by_market: dict[tuple[Venue, Symbol], list[Any]] = {}
    for venue, symbol, path in archive.months():
        if (fetched := archive.fetched(path)) is not None:
            by_market.setdefault((venue, symbol), []).append((path, fetched))
    return [_of_market(venue, symbol, files) for (venue, symbol), files in by_market.items()]


def _of_market(venue: Venue, symbol: Symbol, files: list[Any]) -> dict[str, Any]:
    begins: Array = np.concatenate([pq.read_table(path)["begins_s"].to_numpy() for path, _ in files])
    interval_s, from_s, to_s = files[0][1].interval_s, files[0][1].from_s, files[-1][1].to_s
    steps: Array = np.diff(np.concatenate(([from_s - interval_s], begins, [to_s])))
    holes = np.flatnonzero(steps > interval_s)
    longest = int(holes[np.argmax(steps[holes])]) if len(holes) else None
    ends = np.concatenate(([from_s - interval_s], begins))
    return {
        "venue": venue.value,
        "symbol": symbol,
        "interval_s": interval_s,
        "from": moment(from_s * NS_PER_S),
        "to": moment(to_s * NS_PER_S),
        "rows": len(begins),
        "missing": int((to_s - from_s) // interval_s - len(begins)),
        "holes": len(holes),
        "longest_s": 0 if longest is None else int(steps[longest]) - interval_s,
        "longest_from": "" if longest is None else moment(int(ends[longest] + interval_s) * NS_PER_S),
    }
