"""A snapshot is believed only if nothing of it changed: every column of every part, every byte."""

import zlib
from dataclasses import fields, replace

import pytest

from arb.adapters.postgres.records.seals import SealedPart, seal, unseal
from arb.domain.errors import DataError
from arb.domain.market.ids import SessionId
from arb.domain.state.snapshot import PARTS, SCHEMA_VERSION, Snapshot, SnapshotKind

SNAPSHOT = Snapshot(
    session_id=SessionId("s-1"),
    kind=SnapshotKind.MANUAL,
    slot="manual:1",
    taken_at_ns=1_763_640_000_000_000_000,
    ledger_position=42,
    parts={name: {"name": name, "amounts": ["1.5", "0.00000001"]} for name in PARTS},
)
OTHER = {"kind": "periodic"}


def other(value):
    match value:
        case int():
            return value + 1
        case bytes():
            return value[:-1]
        case str():
            return value + "x"


def test_a_sealed_snapshot_comes_back_as_it_was():
    assert unseal(seal(SNAPSHOT)) == SNAPSHOT


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("column", [field.name for field in fields(SealedPart)])
def test_a_changed_column_is_seen(name, column):
    rows = seal(SNAPSHOT)
    changed = OTHER.get(column) or other(getattr(rows[name], column))
    rows[name] = replace(rows[name], **{column: changed})
    with pytest.raises(DataError):
        unseal(rows)


@pytest.mark.parametrize("column", ["slot", "ledger_position", "taken_at_ns", "kind"])
def test_a_column_changed_in_all_parts_alike_is_seen(column):
    rows = seal(SNAPSHOT)
    changed = OTHER.get(column) or other(getattr(rows["session"], column))
    with pytest.raises(DataError):
        unseal({name: replace(row, **{column: changed}) for name, row in rows.items()})


@pytest.mark.parametrize("name", PARTS)
def test_every_flipped_byte_of_a_body_is_seen(name):
    rows = seal(SNAPSHOT)
    body = rows[name].body
    for place in range(len(body)):
        flipped = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        with pytest.raises(DataError):
            unseal(rows | {name: replace(rows[name], body=flipped)})


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("body", [b"", b"\0", zlib.compress(b""), zlib.compress(b"{}")])
def test_an_emptied_body_is_seen(name, body):
    rows = seal(SNAPSHOT)
    with pytest.raises(DataError):
        unseal(rows | {name: replace(rows[name], body=body)})


@pytest.mark.parametrize("name", PARTS)
def test_a_missing_part_is_seen(name):
    rows = seal(SNAPSHOT)
    del rows[name]
    with pytest.raises(DataError, match=name):
        unseal(rows)


def test_parts_of_two_snapshots_do_not_mix():
    mixed = seal(SNAPSHOT) | {"metrics": seal(replace(SNAPSHOT, slot="manual:2"))["metrics"]}
    with pytest.raises(DataError):
        unseal(mixed)


def test_parts_in_each_others_place_are_seen():
    rows = seal(SNAPSHOT)
    with pytest.raises(DataError):
        unseal(rows | {"metrics": rows["positions"], "positions": rows["metrics"]})


def test_an_unknown_version_is_named():
    with pytest.raises(DataError) as caught:
        unseal(seal(replace(SNAPSHOT, schema_version=SCHEMA_VERSION + 1)))
    assert caught.value.reason == "snapshot_version"


def many(trades):
    return replace(SNAPSHOT, parts=SNAPSHOT.parts | {"positions": {"balances": {}, "trades": trades}})


def test_many_trades_take_several_rows_and_come_back_in_order():
    snapshot = many([{"number": number} for number in range(2_500)])
    rows = seal(snapshot)
    assert sorted(name for name in rows if name.startswith("positions")) == [
        "positions",
        "positions#1",
        "positions#2",
    ]
    assert unseal(rows) == snapshot


@pytest.mark.parametrize("gone", ["positions", "positions#1", "positions#2"])
def test_a_missing_chunk_is_seen(gone):
    rows = seal(many([{"number": number} for number in range(2_500)]))
    del rows[gone]
    with pytest.raises(DataError):
        unseal(rows)


def test_chunks_in_each_others_place_are_seen():
    rows = seal(many([{"number": number} for number in range(2_500)]))
    with pytest.raises(DataError):
        unseal(rows | {"positions#1": rows["positions#2"], "positions#2": rows["positions#1"]})


def test_a_snapshot_of_the_first_version_is_read_with_what_its_trades_lacked():
    view = {"trade": {"trade_id": "t"}, "orders": []}
    old = unseal(seal(replace(many([view]), schema_version=1)))
    assert old.parts["positions"]["trades"][0]["trade"] == {
        "trade_id": "t",
        "loss_reserve_krw": "0",
        "residual": "0",
    }
