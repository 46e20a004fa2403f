"""How far an erasure reaches: into quarantine, captures and prepared days; and who had learned from the subject."""

import json
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from driftgate import uris
from driftgate.captures import read_captures
from driftgate.captures.capture import Capture
from driftgate.captures.erased import erased_numbers
from driftgate.captures.segments import write_captures
from driftgate.contracts import (
    decide,
    list_quarantine,
    load_contract,
    publish_partition,
    show_quarantine,
    validate_partition,
    value_treatments,
)
from driftgate.datasets import DatasetVersion
from driftgate.governance import erasure
from driftgate.governance.erase_captures import erase_captures
from driftgate.governance.erasure import contains_withdrawn, who_saw
from driftgate.governance.subject import subject_of
from driftgate.lake import lake, publish, read_manifest, read_table
from driftgate.sources import ingest_partition

from .conftest import ANNA, BEN, KEYS, deliver, erase, run_day


def with_one_number(rides):
    """Make a day's rides that all have the number of the first, but for the last: a broken key."""

    def make(key, *passengers):
        rows = rides(key, *passengers)
        number = pc.if_else(pc.less(rows["ride"], len(passengers) - 1), 0, rows["ride"]).cast("int32")
        return rows.set_column(0, "ride", number)

    return make


def test_quarantined_rows_of_the_subject_go_and_what_was_decided_about_the_others_holds(project, rides):
    deliver(with_one_number(rides), KEYS[0], ANNA, BEN, BEN, BEN)
    run_day(KEYS[0])
    decide("discard", "rides", KEYS[0], rows=[1], reason="twice", by="jane")
    decide("release", "rides", KEYS[0], rows=[2], reason="right", by="jane")
    path = f"quarantine/rides/{KEYS[0]}"
    assert path in who_saw("rides", [f"passenger={ANNA}"]).partitions

    erase()
    assert read_table(lake(), read_manifest(lake(), path))["passenger"].to_pylist() == [BEN]
    ingest_partition("cab", "rides", KEYS[0])
    validate_partition("rides", KEYS[0])
    publish_partition("rides", KEYS[0])

    assert [(held.rows, held.open) for held in list_quarantine("rides")] == [(1, 0)]
    assert [row["_row"] for row in show_quarantine("rides", KEYS[0])] == [0]


def capture(place, passenger):
    row = {"ride": place, "started_at": "2013-04-01T08:00:00", "passenger": passenger}
    return Capture(
        prediction_id=f"p{place}",
        use_case="fares",
        variant_role="champion",
        model_version="1",
        deployment_revision=1,
        step="serving",
        score=0.5,
        error=None,
        latency_ms=1.0,
        received_at=datetime(2013, 4, 1, 7),
        event_time="2013-04-01T08:00:00",
        request_key=json.dumps({"ride": place}),
        features=json.dumps(row),
    )


@pytest.fixture
def fares(monkeypatch):
    """A use case over ``rides``, as far as erasure asks for one."""
    from types import SimpleNamespace

    from driftgate.governance import erase_captures

    for module in (erase_captures, erasure):
        monkeypatch.setattr(module, "use_case_names", lambda: ["fares"])
    monkeypatch.setattr(erase_captures, "load_use_case", lambda _: SimpleNamespace(datasets=("rides",)))


def test_captures_and_prepared_days_of_the_subject_go(two_days, fares):
    write_captures([capture(0, ANNA), capture(1, BEN)])
    write_captures([capture(2, ANNA)])
    lake().write(f"prepared/fares/{KEYS[0]}/abc.parquet", ANNA.encode())
    lake().write(f"prepared/fares/{KEYS[1]}/abc.parquet", b"others")
    reviewed = pa.table({"prediction_id": ["p0", "p1"], "label": [True, False]})
    publish(lake(), uris.reviewed_labels("fares"), reviewed, known_at=datetime(2013, 4, 3))

    assert erase().rows == 4
    labels = read_table(lake(), read_manifest(lake(), uris.reviewed_labels("fares")))
    assert labels["prediction_id"].to_pylist() == ["p1"]
    assert read_captures("fares", "2013-04-01").column("prediction_id").to_pylist() == ["p1"]
    assert lake().list("prepared") == [f"prepared/fares/{KEYS[1]}/abc.parquet"]


def test_captures_with_a_hashed_key_go_and_their_numbers_stay(two_days, fares, change):
    change("data_contracts/rides.yaml", "{property: treatment, value: keep}", "{property: treatment, value: hash}")
    treat = value_treatments([load_contract("rides")])["passenger"]
    lines = [
        {"run": "ab", "sequence": n, **json.loads(capture(n, treat(who)).line())} for n, who in ((1, ANNA), (2, BEN))
    ]
    lake().write(f"captures/fares/{KEYS[0]}/7-ab.jsonl", b"".join(json.dumps(line).encode() + b"\n" for line in lines))
    erase_captures(lake(), subject_of(load_contract("rides"), [f"passenger={ANNA}"]))

    assert read_captures("fares", KEYS[0]).column("sequence").to_pylist() == [2]
    assert erased_numbers("fares", KEYS[0]) == [("ab", 1, True)]


def test_masked_captures_are_nobodys(two_days, fares, change):
    change("data_contracts/rides.yaml", "{property: treatment, value: keep}", "{property: treatment, value: mask}")
    write_captures([capture(0, "***"), capture(1, "***")])

    assert erase_captures(lake(), subject_of(load_contract("rides"), [f"passenger={ANNA}"])) == 0


def test_versions_and_models_that_held_the_subject_are_named(two_days, fares, monkeypatch):
    def version(name, **sources):
        return DatasetVersion.model_construct(name=name, sources=sources, older_sources={})

    first, second = two_days
    versions = [version("fares/a", **{first.path: first.hash}), version("fares/b", **{second.path: second.hash})]
    monkeypatch.setattr(erasure, "list_versions", lambda _: versions)
    models = [type("Model", (), {"version": str(n), "dataset_version": f"fares/{x}"}) for n, x in ((1, "a"), (2, "b"))]
    monkeypatch.setattr(erasure, "list_models", lambda _: models)

    assert who_saw("rides", [f"passenger={ANNA}"]).versions == ("fares/a",)
    done = erase()

    assert (done.versions, done.models) == (("fares/a",), ("fares/1",))
    assert who_saw("rides", [f"passenger={ANNA}"]).models == ("fares/1",)  # also when nothing holds it any more
    assert contains_withdrawn("fares/a")
    assert contains_withdrawn("fares/1")
    assert not contains_withdrawn("fares/2")
    assert who_saw("rides", ["passenger=carl@example.com"]).partitions == {}


def test_a_store_beside_the_lake_can_take_part(two_days, monkeypatch):
    asked = []
    monkeypatch.setattr(erasure, "ERASERS", [lambda subject: asked.append(subject.texts) or 1])
    assert erase().rows == 3
    assert asked == [{"passenger": ANNA}]


def test_who_was_only_in_quarantine_taught_no_model(project, rides, fares, monkeypatch):
    deliver(with_one_number(rides), KEYS[0], ANNA, BEN, BEN)
    run_day(KEYS[0])
    clean = read_manifest(lake(), f"validated/rides/{KEYS[0]}")
    made = DatasetVersion.model_construct(name="fares/a", sources={clean.path: clean.hash}, older_sources={})
    monkeypatch.setattr(erasure, "list_versions", lambda _: [made])
    monkeypatch.setattr(erasure, "list_models", lambda _: [])

    assert who_saw("rides", [f"passenger={ANNA}"]).versions == ()
    assert who_saw("rides", [f"passenger={BEN}"]).versions == ("fares/a",)
