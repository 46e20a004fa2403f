"""A sample has no person in it, is the same every time, and can be ingested elsewhere."""

import hashlib
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from driftgate import uris
from driftgate.contracts import arrow_schema, load_contract, publish_partition, validate_partition
from driftgate.errors import ConfigError, SourceMissing, Tampered
from driftgate.governance.dev_sample import DevSample, sample
from driftgate.governance.pseudonyms import replaced
from driftgate.lake import lake, publish
from driftgate.sources import ingest_partition

KEY, OTHER = "2013-04-01", "2013-04-02"
PEOPLE = [f"person.{place}@example.com" for place in range(50)]
FORM = """
        classification: pii
        quality:
          - {id: form, metric: invalidValues, mustBe: 0, severity: row,
             arguments: {pattern: "[a-z0-9.]+@[a-z]+[.][a-z]+"}}
"""
AGE = """
      - name: age
        description: Years.
        logicalType: integer
        physicalType: int32
        classification: sensitive
        customProperties:
          - {property: availableAt, value: prediction}
          - {property: purpose, value: to set the fare}
          - {property: treatment, value: keep}
      - name: distance_km"""


@pytest.fixture(autouse=True)
def published(project: Path, rides: Callable[..., pa.Table]) -> None:
    for key in (KEY, OTHER):
        table = rides(key, *PEOPLE, note="call +49 30 1234567")
        publish(lake(), uris.partition("validated", "rides", key), table, contract="rides@1.0.0")


def made(folder: Path, *keys: str, rows: int = 20, seed: int = 0) -> pa.Table:
    paths = sample("rides", keys or [KEY], folder, rows=rows, seed=seed)
    return pq.read_table(paths[0])


def test_no_person_is_in_it_and_the_rest_is_as_it_was(tmp_path: Path) -> None:
    found = made(tmp_path / "out")
    assert found.num_rows == 20
    assert found.schema.equals(arrow_schema(load_contract("rides")))
    assert not set(found.column("passenger").to_pylist()) & set(PEOPLE)
    assert b"person." not in (tmp_path / "out/cab/rides" / f"{KEY}.parquet").read_bytes()
    assert set(found.column("note").to_pylist()) == {"call ***"}
    assert found.column("distance_km").to_pylist() == [1.5 + ride for ride in found.column("ride").to_pylist()]


def test_one_person_is_one_pseudonym_in_every_partition(tmp_path: Path) -> None:
    first, second = (pq.read_table(path) for path in sample("rides", [KEY, OTHER], tmp_path, rows=50))
    assert first.column("passenger") == second.column("passenger")
    assert len(set(first.column("passenger").to_pylist())) == 50


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(tmp_path: Path) -> None:
    files = [
        sample("rides", [KEY], tmp_path / name, rows=20, seed=seed)[0] for name, seed in (("a", 1), ("b", 1), ("c", 2))
    ]
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]
    assert digests[0] == digests[1] != digests[2]


def test_without_the_secret_nothing_can_be_tried_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = made(tmp_path / "a").column("passenger")
    monkeypatch.setenv("DRIFTGATE_PSEUDONYM_KEY", "another secret, which is long enough too")
    assert made(tmp_path / "b").column("passenger") != before
    monkeypatch.delenv("DRIFTGATE_PSEUDONYM_KEY")
    with pytest.raises(ConfigError, match=r"rides@1.0.0 has personal data .* DRIFTGATE_PSEUDONYM_KEY is not set"):
        made(tmp_path / "c")
    assert not (tmp_path / "c").exists()


def test_it_says_beside_it_what_it_is(tmp_path: Path) -> None:
    [path] = sample("rides", [KEY], tmp_path, rows=20)
    record = DevSample.model_validate_json((path.parent / f"_sample_{KEY}.json").read_bytes())
    assert (record.synthetic, record.rows, record.of_rows, record.partition) == (True, 20, 50, KEY)
    assert record.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert record.columns["passenger"] == "keyed hash"
    assert record.columns["distance_km"] == "as published"


def test_it_can_be_dropped_and_ingested_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[..., None]
) -> None:
    change("data_contracts/rides.yaml", "\n        classification: pii\n", FORM)
    elsewhere = tmp_path / "elsewhere"
    [path] = sample("rides", [KEY], elsewhere / "drop", rows=20)
    monkeypatch.setenv("DRIFTGATE_HOME", str(elsewhere))
    os.utime(path, (0, 0))
    ingest_partition("cab", "rides", KEY)
    validate_partition("rides", KEY)
    done = publish_partition("rides", KEY)
    assert (done.rows_validated, done.rows_quarantined) == (20, 0)


def test_numbers_about_persons_are_invented_within_what_there_was(
    tmp_path: Path, change: Callable[..., None], rides: Callable[..., pa.Table]
) -> None:
    change("data_contracts/rides.yaml", "\n      - name: distance_km", AGE)
    ages = pa.array([*range(20, 69), None], pa.int32())
    table = rides(KEY, *PEOPLE).add_column(4, "age", ages)
    publish(
        lake(), uris.partition("validated", "rides", KEY), table, contract="rides@1.0.0", known_at=datetime(2013, 4, 9)
    )
    found = made(tmp_path, rows=50).column("age").to_pylist()
    known = [age for age in found if age is not None]
    assert found[-1] is None
    assert len(known) == 49
    assert 20 <= min(known) <= max(known) <= 68
    assert known != list(range(20, 69))
    assert abs(np.mean(known) - 44) < 8


def test_what_is_dropped_comes_back_empty_and_what_is_hashed_stays_hashed(
    tmp_path: Path, change: Callable[..., None], rides: Callable[..., pa.Table]
) -> None:
    change("data_contracts/rides.yaml", "treatment, value: keep", "treatment, value: drop")
    publish(
        lake(), uris.partition("validated", "rides", KEY), rides(KEY, *PEOPLE).drop_columns("passenger"),
        known_at=datetime(2013, 4, 9),
    )  # fmt: skip
    assert made(tmp_path).column("passenger").null_count == 20


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".csv.zst"])
def test_text_files_are_written_as_the_source_packs_them(
    tmp_path: Path, change: Callable[..., None], suffix: str
) -> None:
    change("data_contracts/rides.yaml", '{key}.parquet", format: parquet', f'{{key}}-*{suffix}", format: csv')
    [path] = sample("rides", [KEY], tmp_path, rows=5)
    assert path == tmp_path / "cab" / "rides" / f"{KEY}-sample{suffix}"
    assert pyarrow.csv.read_csv(path).num_rows == 5


@pytest.mark.parametrize(
    ("how", "kind"),
    [("keyed hash", pa.string()), ("keyed hash", pa.int32()), ("keyed hash", pa.int64()), ("keyed shape", pa.string()),
     ("dealt out anew", pa.string()), ("invented", pa.float64()), ("invented", pa.int64()),
     ("invented", pa.timestamp("us")), ("invented", pa.date32())],
)  # fmt: skip
def test_every_way_keeps_type_and_gaps(how: Any, kind: pa.DataType) -> None:
    start = datetime(2013, 4, 1)
    values: list[Any] = [str(place) if pa.types.is_string(kind) else place for place in range(9)]
    if pa.types.is_temporal(kind):
        values = [start + timedelta(days=place) for place in range(9)]
    column = pa.array([*values, None], kind)
    found = replaced(column, kind, how, b"key", np.random.default_rng(1))
    assert (found.type, found.null_count, found[9].as_py()) == (kind, 1, None)
    empty = replaced(pa.nulls(3, kind), kind, how, b"key", np.random.default_rng(1))
    assert (empty.type, empty.null_count) == (kind, 3)


def test_a_day_that_is_not_there_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(SourceMissing, match=r"Nothing is published at .*rides/2013-04-05; run the ingest DAG"):
        sample("rides", [KEY, "2013-04-05"], tmp_path / "out", rows=5)
    assert not (tmp_path / "out").exists()


def test_a_file_of_somebody_else_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "cab" / "rides" / f"{KEY}.parquet"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"delivered")
    with pytest.raises(ConfigError, match="exists with other content; choose a folder of the sample's own"):
        sample("rides", [KEY], tmp_path, rows=5)
    assert path.read_bytes() == b"delivered"
    assert list(path.parent.iterdir()) == [path]


def test_too_few_rows_for_the_contract_are_refused(tmp_path: Path, change: Callable[..., None]) -> None:
    rule = "quality: [{id: some, metric: rowCount, mustBeGreaterOrEqualTo: 10, severity: critical}]\n    properties:"
    change("data_contracts/rides.yaml", "properties:", rule)
    with pytest.raises(ConfigError, match=r"fails with fewer than 10 rows \(rule 'some'\)"):
        sample("rides", [KEY], tmp_path, rows=5)


def test_a_changed_partition_is_not_sampled(tmp_path: Path) -> None:
    [file] = [path for path in lake().list(f"validated/rides/{KEY}") if path.endswith(".parquet")]
    lake().write(file, b"x")
    with pytest.raises(Tampered):
        sample("rides", [KEY], tmp_path, rows=5)


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        sample("rides", [KEY], tmp_path / "file", rows=5)


def test_the_golden_record_is_written_and_read_unchanged() -> None:
    golden = (
        '{"columns":{"a":"invented"},"contract":"rides@1.0.0","dataset":"rides","file":"a.parquet","manifest":"m",'
        '"of_rows":9,"partition":"2013-04-01","rows":5,"schema_version":1,"seed":0,"sha256":"s","synthetic":true}'
    )
    assert DevSample.model_validate_json(golden).canonical().decode() == golden
