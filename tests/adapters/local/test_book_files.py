"""Books in files: read back byte for byte, whatever became of who wrote them."""

from collections import Counter
from dataclasses import replace

import pytest

from arb.adapters.local import book_files
from arb.adapters.local.book_files import BookFiles, book_line, has_books, lines_of, read_books
from arb.adapters.local.clock import ManualClock
from arb.domain.market.ids import Venue
from arb.domain.time import ALWAYS, NS_PER_HOUR, NS_PER_S, Span
from tests.domain.markets import NOW_NS, book

SIDES = {Venue.UPBIT: (("141400000", "0.1"),), Venue.BINANCE: (("99999.99", "0.50"), ("99999.98", "1"))}
HIGHER = {Venue.UPBIT: (("141401000", "1"),), Venue.BINANCE: (("100000", "1E-8"),)}


def a_book(number, venue=Venue.UPBIT):
    made = book(venue, SIDES[venue], HIGHER[venue], ts_recv_ns=NOW_NS + number * NS_PER_S)
    return replace(made, sequence=number, fence=3)


def writer(folder, clock=None, bytes_max=10**9, name="feed"):
    counted: Counter = Counter()
    made = BookFiles(
        folder, name, clock or ManualClock(NOW_NS), bytes_max, lambda _, why, n: counted.update({why: n})
    )
    return made, counted


def written(folder, books, **how):
    made, counted = writer(folder, **how)
    for each in books:
        made.note(each)
    made.write()
    return counted


def test_what_is_read_is_what_was_written_byte_for_byte(tmp_path):
    books = [a_book(n, venue) for n in range(50) for venue in (Venue.UPBIT, Venue.BINANCE)]
    assert written(tmp_path, books) == {"books": 100}
    assert list(read_books(tmp_path, ALWAYS)) == books
    (path,) = tmp_path.iterdir()
    assert [line + b"\n" for line in lines_of(path)] == [book_line(each) for each in books]


def test_what_came_out_of_order_is_read_by_when_it_was_received_of_all_processes(tmp_path):
    books = [a_book(n) for n in range(10)]
    written(tmp_path, [books[each] for each in (4, 0, 8, 2, 6)], name="one")
    written(tmp_path, [books[each] for each in (1, 9, 3, 7, 5)], name="other")
    assert list(read_books(tmp_path, ALWAYS)) == books


def test_a_span_is_cut_out(tmp_path):
    written(tmp_path, [a_book(n) for n in range(10)])
    span = Span(from_ns=NOW_NS + 3 * NS_PER_S, to_ns=NOW_NS + 5 * NS_PER_S)
    assert [each.sequence for each in read_books(tmp_path, span)] == [3, 4, 5]


@pytest.mark.parametrize("left", [1, 10, 40, -30, -8, -1])
def test_a_torn_end_loses_its_member_and_nothing_before_it(tmp_path, left):
    made, _ = writer(tmp_path)
    for n in range(20):
        made.note(a_book(n))
    made.write()
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    for n in range(20, 40):
        made.note(a_book(n))
    made.write()
    both = path.read_bytes()
    torn = both[: len(whole) + left] if left > 0 else both[:left]
    path.write_bytes(torn)
    found = [each.sequence for each in read_books(tmp_path, ALWAYS)]
    assert found[:20] == list(range(20))
    assert found == list(range(len(found)))  # of the torn one at most what comes before the tear


@pytest.mark.parametrize("end", [b"", b"nonsense", b"\x1f\x8b"])
def test_what_is_no_member_ends_a_file(tmp_path, end):
    written(tmp_path, [a_book(n) for n in range(5)])
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes() + end)
    assert len(list(read_books(tmp_path, ALWAYS))) == 5


def test_a_line_that_is_no_book_is_left_out(tmp_path):
    from gzip import compress

    written(tmp_path, [a_book(n) for n in range(3)])
    (path,) = tmp_path.iterdir()
    odd = b"[]\n{}\nnull\n7\n" + book_line(a_book(3)).replace(b"141400000", b"nan") + book_line(a_book(4))
    path.write_bytes(path.read_bytes() + compress(odd))
    assert [each.sequence for each in read_books(tmp_path, ALWAYS)] == [0, 1, 2, 4]


def test_a_process_that_starts_anew_adds_to_no_file_of_the_last_one(tmp_path):
    written(tmp_path, [a_book(0)])
    written(tmp_path, [a_book(1)], clock=ManualClock(NOW_NS + 1))
    assert len(list(tmp_path.iterdir())) == 2
    assert [each.sequence for each in read_books(tmp_path, ALWAYS)] == [0, 1]


def test_an_hour_has_a_file(tmp_path):
    made, _ = writer(tmp_path)
    for hours in (0, 1, 1):
        made.note(replace(a_book(0), ts_recv_ns=NOW_NS + hours * NS_PER_HOUR))
        made.write()
    assert len(list(tmp_path.iterdir())) == 2


def test_the_oldest_go_where_all_would_take_more_than_they_may(tmp_path):
    made, counted = writer(tmp_path, bytes_max=1_000)
    for hour in range(10):
        for n in range(5):
            made.note(replace(a_book(n), ts_recv_ns=NOW_NS + hour * NS_PER_HOUR + n))
        made.write()
        assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 1_000
    assert counted["book_files_dropped"] > 0
    newest = max(each.ts_recv_ns for each in read_books(tmp_path, ALWAYS))
    assert newest == NOW_NS + 9 * NS_PER_HOUR + 4


def test_what_finds_no_room_to_wait_is_lost_and_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(book_files, "WAITING_MAX", 10)
    assert written(tmp_path, [a_book(n) for n in range(15)]) == {"books": 10, "books_lost": 5}


def test_a_disk_that_takes_nothing_loses_books_and_raises_nothing(tmp_path):
    (tmp_path / "books").write_text("no folder")
    assert written(tmp_path / "books", [a_book(0)]) == {"books_lost": 1}


def test_what_waits_is_written_when_it_stops_and_a_running_one_writes_by_itself(tmp_path, monkeypatch):
    monkeypatch.setattr(book_files, "STEP_S", 0.01)
    made, counted = writer(tmp_path)
    made.start()
    made.note(a_book(0))
    for _ in range(500):
        if counted["books"]:
            break
        made._stopping.wait(0.01)
    assert counted["books"] == 1
    made.note(a_book(1))
    made.stop()
    assert [each.sequence for each in read_books(tmp_path, ALWAYS)] == [0, 1]


def test_a_folder_with_other_files_holds_no_books(tmp_path):
    (tmp_path / "prices.csv.gz").touch()
    assert not has_books(tmp_path)
    assert not has_books(tmp_path / "nowhere")
    written(tmp_path, [a_book(0)])
    assert has_books(tmp_path)
