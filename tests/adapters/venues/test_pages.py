"""Lists longer than a page are read to their end, and what cannot end is refused."""

from collections.abc import Iterator
from itertools import count

import pytest

from arb.adapters.venues import pages
from arb.adapters.venues.pages import by_id, upbit_closed_orders
from arb.domain.errors import Retryable
from arb.domain.market.ids import Symbol
from arb.venues.api_key import ApiKey
from arb.venues.krw.auth import Pass
from arb.venues.upbit.listed import created_ms

BTC = Symbol("BTC/KRW")
DAY = "2026-11-01T10:{:02}:{:02}+09:00"


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "PAGE_ROWS", 3)
    monkeypatch.setattr(pages, "PAGES_MAX", 4)


@pytest.mark.parametrize("rows", [0, 2, 3, 4, 7])
def test_pages_go_on_by_id_until_one_is_not_full(rows: int):
    ids = [str(10 + 2 * number) for number in range(rows)]

    def page(first: int | None) -> tuple[str, ...]:
        return tuple(each for each in ids if first is None or int(each) >= first)[:3]

    assert list(by_id(page, lambda row: row)) == ids


def test_a_list_without_an_end_is_refused():
    numbers = count()
    with pytest.raises(Retryable, match="more than"):
        list(by_id(lambda _: tuple(str(next(numbers)) for _ in range(3)), lambda row: row))


class Upbit:
    """A venue's ended orders, a page at a time from `start_time` on."""

    def __init__(self, seconds: list[int]) -> None:
        self.rows = [row(number, second) for number, second in enumerate(seconds)]
        self.asked: list[int] = []

    def ask(self, request, parser):
        fields = dict(part.split("=") for part in request.query.split("&"))
        start_ms = int(fields["start_time"])
        self.asked.append(start_ms)
        assert fields["order_by"] == "asc"
        found = [each for each in self.rows if created_ms(each) >= start_ms // 1000 * 1000]
        return parser(found[:3])


def row(number: int, second: int) -> dict[str, str]:
    created = DAY.format(second // 60, second % 60)
    return {
        "uuid": f"u{number}", "market": "KRW-BTC", "side": "bid", "state": "cancel",
        "identifier": f"i{number}", "executed_volume": "0", "created_at": created,
    }  # fmt: skip


def read(venue: Upbit) -> Iterator[str]:
    access = Pass(ApiKey("k", "s" * 32), "n")
    for each in upbit_closed_orders(venue, BTC, 0, 2_000_000_000_000, lambda: access):  # type: ignore[arg-type]
        yield each.venue_order_id


@pytest.mark.parametrize("seconds", [[], [1, 2], [1, 2, 3], [1, 1, 2, 2, 3, 3, 4], [5, 5, 6, 6, 7]])
def test_upbit_pages_go_on_by_second_and_pass_over_what_came_before(seconds: list[int]):
    venue = Upbit(seconds)
    assert list(read(venue)) == [f"u{number}" for number in range(len(seconds))]


def test_a_second_with_more_orders_than_a_page_is_refused_and_never_passed_over():
    with pytest.raises(Retryable, match="in one second"):
        list(read(Upbit([1, 1, 1, 1, 1])))
