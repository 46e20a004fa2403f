"""A lineage record as it is stored: a golden example, so that a change of its shape is seen."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from driftgate import lineage
from driftgate.lake import lake
from driftgate.lineage import DatasetRef, LineageRecord, events, facets
from driftgate.lineage.code import CodeRevision
from driftgate.lineage.record import content_hash, natural
from driftgate.records import canonical_json

GOLDEN = Path(__file__).with_name("golden_record.json")


class Noon(datetime):
    """A clock that stands still."""

    @classmethod
    def now(cls, tz: object = None) -> "Noon":
        return cls(2026, 8, 22, 12, tzinfo=UTC)


def test_the_golden_record_is_written_and_read_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "datetime", Noon)
    monkeypatch.setattr(facets, "code_revision", lambda: CodeRevision("abc", False))
    monkeypatch.setattr(facets, "PRODUCER", "urn:driftgate:0.1.0")
    monkeypatch.setattr(facets, "__version__", "0.1.0")
    monkeypatch.setattr(facets.platform, "node", lambda: "host")
    monkeypatch.setattr(facets.platform, "python_version", lambda: "3.11.0")
    made = lineage.emit(
        "flight_delays",
        job="flight_delays.retrain.train_candidate",
        run_id="run 1",
        inputs=[DatasetRef("dataset_version/flight_delays/2013-03-31-3f9c2a1", "ab")],
        outputs=[DatasetRef("job/7", None)],
        parameters={"seed": 7, "password": "secret"},
    )
    stored = lake().read("lineage/flight_delays/00000001.json")
    golden = json.loads(GOLDEN.read_text())
    assert stored == canonical_json(golden)
    assert LineageRecord(golden) == made
    assert (made.sequence, made.previous_hash, made.stream) == (1, None, "flight_delays")
    assert made.hash == content_hash(made.event)
    assert b"secret" not in stored


def test_the_hash_covers_everything_but_itself() -> None:
    event = {"run": {"facets": {"driftgate_chain": {"hash": "x", "sequence": 1}}}, "inputs": []}
    other = {"run": {"facets": {"driftgate_chain": {"hash": "y", "sequence": 1}}}, "inputs": []}
    moved = {"run": {"facets": {"driftgate_chain": {"hash": "x", "sequence": 2}}}, "inputs": []}
    assert content_hash(event) == content_hash(other)
    assert len({content_hash(one) for one in (event, moved, {**event, "inputs": [1]})}) == 3
    assert json.loads(canonical_json(event)) == event


def test_version_ten_comes_after_version_nine() -> None:
    names = ["model/flight_delays/10", "model/flight_delays/9", "model/flight_delays/1"]
    assert sorted(names, key=natural) == names[::-1]
