"""Private files."""

import stat

import pytest

from arb.stack.files import read_json, remembered_secret, write_json, write_private


def test_a_private_file_is_replaced_whole_and_readable_by_its_owner_only(tmp_path):
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "new")
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_that_fails_leaves_no_scrap(tmp_path):
    target = tmp_path / "directory"
    target.mkdir()
    with pytest.raises(OSError, match="directory"):
        write_private(target, "text")
    assert list(tmp_path.iterdir()) == [target]


def test_a_torn_json_file_reads_as_empty(tmp_path):
    (tmp_path / "ports.json").write_text('{"redis": 1')
    assert read_json(tmp_path / "ports.json") == {}


def test_json_comes_back(tmp_path):
    write_json(tmp_path / "a.json", {"a": [1, 2]})
    assert read_json(tmp_path / "a.json") == {"a": [1, 2]}


def test_a_secret_is_made_once_and_differs_between_files(tmp_path):
    first = remembered_secret(tmp_path / "one")
    assert remembered_secret(tmp_path / "one") == first
    assert remembered_secret(tmp_path / "two") != first
    assert len(first) >= 32
