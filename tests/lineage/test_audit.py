"""The audit names every run that touched a dataset, and only those, in a form that a spreadsheet takes for data."""

import csv
import io

import pytest

from driftgate.errors import ConfigError
from driftgate.lineage import DatasetRef, emit
from driftgate.lineage.audit import audit


def rows(dataset):
    return list(csv.DictReader(io.StringIO(audit(dataset))))


def test_every_run_that_read_or_wrote_the_dataset_is_a_row(life):
    life("2013-03-30", "2013-03-31")
    found = rows("weather")
    assert [row["job"].rpartition(".")[2] for row in found] == [
        "ingest_weather", "publish_weather", "ingest_weather", "publish_weather", "prepare_dataset",
    ]  # fmt: skip
    first = found[0]
    assert first["read"] == "source/nycflights/weather/2013-03-30.parquet@sha-of-2013-03-30"
    assert first["written"] == "raw/weather/2013-03-30@raw-2013-03-30"
    assert (first["result"], first["record_whole"], first["record"]) == ("COMPLETE", "True", "nycflights/00000003")
    assert first["parameters_sha256"]
    assert "flights" not in {name for row in found[:4] for name in row["written"].split("/")}


def test_a_failed_run_says_why_and_no_cell_is_a_formula():
    emit(
        "cab", job="cab.ingest", run_id="1", inputs=[DatasetRef("raw/rides/2013-04-01", "a")], outputs=[],
        failure="=1+1 is no sentence",
    )  # fmt: skip
    (row,) = rows("rides")
    assert (row["result"], row["failure"]) == ("FAIL", "'=1+1 is no sentence")


def test_an_unknown_dataset_is_a_sentence(life):
    life()
    with pytest.raises(ConfigError, match="did you mean 'weather'"):
        audit("wether")
