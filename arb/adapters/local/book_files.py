"""All books that a feed took, in compressed files, and read back as they were.

A line is a book. Every few seconds what came is added to the file of the hour as a gzip member of its own, by
the moment it was received, so that what was added is whole whatever becomes of its process; a member that was
torn by its death is left out when it is read. Each process writes files of its own, and adds to none that an
earlier one began. Nobody waits for it: what finds no room, or no disk, is left out and counted.
"""

import threading
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from gzip import compress
from heapq import merge
from pathlib import Path
from typing import Final

import orjson

from arb.domain.errors import DataError
from arb.domain.market.book import Book
from arb.domain.time import NS_PER_HOUR, Span
from arb.engine.market.book_codec import decode_book, encode_book
from arb.ports.market import Clock

SUFFIX: Final = ".books.gz"
WAITING_MAX: Final = 50_000  # books that wait to be written: minutes of them, or a disk that is stuck
LEVEL: Final = 3  # of compression: nearly as small as the usual 6 for a third of its time
STEP_S: Final = 2.0
COUNTER: Final = "recorded"
GZIP: Final = 31  # to zlib: with the head and the checksum of a gzip member
PIECE: Final = 65_536
S_PER_HOUR: Final = 3_600
Count = Callable[[str, str, int], None]


class BookFiles:
    """Writes the books of one process."""

    def __init__(self, folder: Path, writer: str, clock: Clock, bytes_max: int, count: Count) -> None:
        self._folder, self._count = folder, count
        self._name = f"{writer}-{clock.now_ns()}"
        self._bytes_max = bytes_max  # of all files of the folder; the oldest go first
        self._lock = threading.Lock()
        self._waiting: list[Book] = []
        self._lost = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="book-files", daemon=True)

    def note(self, book: Book) -> None:
        """Keep a book, if there is room. Safe from any thread, and quick."""
        with self._lock:
            if len(self._waiting) < WAITING_MAX:
                self._waiting.append(book)
            else:
                self._lost += 1

    def start(self) -> None:
        """Begin to write what comes."""
        self._thread.start()

    def stop(self) -> None:
        """Write the books that are left, and end the thread."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self.write()

    def write(self) -> int:
        """Add what came to the file of the hour; return how many books."""
        with self._lock:
            (books, self._waiting), (lost, self._lost) = (self._waiting, []), (self._lost, 0)
        if lost:
            self._count(COUNTER, "books_lost", lost)
        if not books:
            return 0
        books.sort(key=_received_ns)
        member = compress(b"".join(book_line(book) for book in books), compresslevel=LEVEL, mtime=0)
        try:
            self._make_room(len(member))
            with self._file(books[0].ts_recv_ns).open("ab") as file:
                file.write(member)
        except OSError:
            self._count(COUNTER, "books_lost", len(books))
            return 0
        self._count(COUNTER, "books", len(books))
        return len(books)

    def _run(self) -> None:
        while not self._stopping.wait(STEP_S):
            self.write()

    def _file(self, at_ns: int) -> Path:
        hour = datetime.fromtimestamp(at_ns // NS_PER_HOUR * S_PER_HOUR, tz=UTC)
        return self._folder / f"{hour:%Y%m%dT%H}-{self._name}{SUFFIX}"

    def _make_room(self, size: int) -> None:
        """Take the oldest files away as long as all of them leave too little room. Raises: OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        sizes = {path: path.stat().st_size for path in book_files(self._folder)}
        for path in list(sizes):
            if sum(sizes.values()) + size <= self._bytes_max:
                return
            path.unlink(missing_ok=True)
            del sizes[path]
            self._count(COUNTER, "book_files_dropped", 1)


def book_line(book: Book) -> bytes:
    """Return a book as a line."""
    return orjson.dumps(encode_book(book), option=orjson.OPT_APPEND_NEWLINE)


def book_files(folder: Path) -> list[Path]:
    """Return the files of a folder, oldest first."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def has_books(folder: Path) -> bool:
    """Tell whether a folder holds recorded books."""
    return folder.is_dir() and bool(book_files(folder))


def read_books(folder: Path, span: Span) -> Iterator[Book]:
    """Yield the books of a span of time by when they were received, of all processes. Raises: OSError."""
    by_writer: dict[str, list[Path]] = {}
    for path in book_files(folder):
        by_writer.setdefault(path.name.partition("-")[2], []).append(path)
    return merge(*(_of_writer(paths, span) for paths in by_writer.values()), key=_received_ns)


def lines_of(path: Path) -> Iterator[bytes]:
    """Yield the whole lines of a file, without a member that is torn or not one. Raises: OSError."""
    with path.open("rb") as file:
        inflate, rest = zlib.decompressobj(GZIP), b""
        while piece := file.read(PIECE):
            while piece:
                try:
                    rest += inflate.decompress(piece)
                except zlib.error:
                    return
                *whole, rest = rest.split(b"\n")
                yield from whole
                piece = inflate.unused_data
                if inflate.eof:
                    inflate, rest = zlib.decompressobj(GZIP), b""


def _of_writer(paths: list[Path], span: Span) -> Iterator[Book]:
    for path in paths:
        for line in lines_of(path):
            book = _book(line)
            if book is not None and span.from_ns <= book.ts_recv_ns <= span.to_ns:
                yield book


def _book(line: bytes) -> Book | None:
    try:
        return decode_book(orjson.loads(line))
    except (orjson.JSONDecodeError, DataError):
        return None


def _received_ns(book: Book) -> int:
    return book.ts_recv_ns
