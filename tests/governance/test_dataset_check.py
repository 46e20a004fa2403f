"""The contracts of a dataset version: those of today, on the partitions that it was made from."""

from types import SimpleNamespace

import pytest

from driftgate.datasets import DatasetVersion
from driftgate.governance import dataset_check
from driftgate.governance.dataset_check import check_version
from driftgate.lake import lake, read_manifest

from .conftest import ANNA, BEN, KEYS, deliver, run_day

FARES = SimpleNamespace(name="fares", datasets=("rides",))
FARE = "        description: What it cost.\n"
RULE = "        quality: [{id: fair, metric: invalidValues, arguments: {maximum: 10}, mustBe: 0, severity: critical}]\n"


@pytest.fixture
def version(project, rides):
    """A version of two ingested days; the second one has a fare of 15 dollars."""
    for key, passengers in zip(KEYS, ((ANNA,), (ANNA, BEN)), strict=True):
        deliver(rides, key, *passengers)
        run_day(key)
    sources = {path: read_manifest(lake(), path).hash for path in (f"validated/rides/{key}" for key in KEYS)}
    return DatasetVersion.model_construct(name="fares/2013-04-02-3f9c2a1", use_case="fares", sources=sources)


def test_what_ingestion_said_is_taken_where_the_contract_is_the_same(version, monkeypatch):
    monkeypatch.setattr(dataset_check, "judge_again", None)
    made = check_version(FARES, version)
    (found,) = made.contracts
    assert (found.contract, found.partitions, found.broken, found.unjudged) == ("rides@1.0.0", 2, {}, {})
    assert (made.verdict, made.champion, made.scores) == ("cannot_judge", None, ())
    assert made.sentence == f"fares has no champion yet, so no model is held against {version.name}."


def test_a_contract_that_changed_judges_the_raw_rows_anew_and_writes_nothing_of_it(version, change):
    before = {path: lake().read(path) for path in lake().list("reports/validation")}
    change("data_contracts/rides.yaml", FARE, f"{FARE}{RULE}")
    made = check_version(FARES, version)
    assert made.verdict == "fails"
    assert made.contracts[0].broken == {KEYS[1]: ("fare_usd.fair",)}
    assert made.sentence == f"1 of 2 partitions break rides@1.0.0: {KEYS[1]} fare_usd.fair."
    assert {path: lake().read(path) for path in lake().list("reports/validation")} == before


def test_raw_rows_that_are_gone_are_not_passed_over(version, change):
    change("data_contracts/rides.yaml", FARE, f"{FARE}{RULE}")
    for path in lake().list(f"raw/rides/{KEYS[0]}"):
        lake().delete(path)
    made = check_version(FARES, version)
    assert made.contracts[0].unjudged.keys() == {KEYS[0]}
    for path in lake().list(f"raw/rides/{KEYS[1]}"):
        lake().delete(path)
    made = check_version(FARES, version)
    assert made.verdict == "cannot_judge"
    assert "2 of 2 partitions could not be judged by rides@1.0.0: Nothing is published at" in made.sentence
