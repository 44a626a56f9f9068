"""Homes for the tests, gone afterwards with whatever was still running in them."""

import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from arb.stack.home import Home
from arb.stack.shutdown import halt, silent


@contextmanager
def temporary_home() -> Iterator[Home]:
    """A home directly below the temporary directory, where PostgreSQL's user can reach it."""
    made = Home(Path(tempfile.mkdtemp(prefix="arb-test-")))
    made.create()
    yield made
    halt(made, silent)
    made.remove()


@pytest.fixture(scope="module")
def module_home() -> Iterator[Home]:
    """One for each module, so that not every test waits for a new cluster; and a home is used many times."""
    with temporary_home() as made:
        yield made


@pytest.fixture
def home(module_home: Home) -> Iterator[Home]:
    """A home in which nothing runs."""
    yield module_home
    halt(module_home, silent)


@pytest.fixture
def second_home() -> Iterator[Home]:
    """Another one, new."""
    with temporary_home() as made:
        yield made


@pytest.fixture
def in_thread() -> Callable[[Callable[[], object]], object]:
    """Call something in another thread and return or raise what it does."""

    def call(work: Callable[[], object]) -> object:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(work).result()

    return call
