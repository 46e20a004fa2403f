"""Judging a raw partition: the report is always written, a critical failure stops the partition."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from driftgate.contracts import ValidationReport, load_contract, validate_partition
from driftgate.errors import ConfigError, ContractBroken, SourceMissing
from driftgate.lake import lake

from .conftest import KEY


def written_report() -> ValidationReport:
    return ValidationReport.model_validate_json(lake().read(f"reports/validation/trips/{KEY}.json"))


def test_the_report_in_the_lake_is_the_answer_and_names_the_rows_it_is_about(ingested):
    raw = ingested(zone={2: "west"})
    report = validate_partition("trips", KEY)

    assert report == written_report()
    assert report.raw == raw.hash
    assert (report.contract, report.contract_sha256) == ("trips@2.1.0", load_contract("trips").hash)


def test_a_critical_failure_is_a_sentence_with_an_example_and_the_page_after_both_are_written(ingested):
    ingested(zone={row: "west" for row in range(5)})
    with pytest.raises(ContractBroken) as broken:
        validate_partition("trips", KEY)

    assert "zone.mostly_known (5 of 10 rows, for example west); nothing is published" in str(broken.value)
    assert f"reports/validation/trips/{KEY}.html" in str(broken.value)
    assert written_report().critical == ("zone.mostly_known",)


def test_too_few_rows_are_critical(ingested):
    ingested(rows=1)
    with pytest.raises(ContractBroken, match=r"breaks critical rules of trips@2.1.0: volume \(1 rows\)"):
        validate_partition("trips", KEY)


def test_a_personal_value_is_not_in_the_sentence(ingested, project):
    path = project / "data_contracts" / "trips.yaml"
    path.write_text(
        path.read_text().replace('".+@.+"}, mustBe: 0, severity: row', '".+@.+"}, mustBe: 0, severity: critical')
    )
    ingested(passenger={0: "Jane Roe"})
    with pytest.raises(ContractBroken) as broken:
        validate_partition("trips", KEY)

    assert "for example ***" in str(broken.value)


def test_judging_again_gives_the_same_report_hash(ingested):
    ingested(zone={2: "west"})

    assert validate_partition("trips", KEY).hash == validate_partition("trips", KEY).hash


def test_two_at_once_both_succeed_with_the_same_report(ingested):
    ingested(zone={2: "west"})
    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(lambda _: validate_partition("trips", KEY), range(4)))

    assert len({report.hash for report in reports}) == 1
    assert written_report() == reports[0]


def test_a_partition_that_was_not_ingested_is_missing(project):
    with pytest.raises(SourceMissing, match="run the ingest DAG for it first"):
        validate_partition("trips", KEY)


def test_rows_of_an_older_contract_must_be_ingested_again(ingested, project):
    ingested()
    path = project / "data_contracts" / "trips.yaml"
    path.write_text(path.read_text().replace("name: zone", "name: district").replace("2.1.0", "3.0.0"))
    os.utime(path, ns=(1, 1))
    with pytest.raises(ContractBroken, match=r"ingested under trips@2.1.0 and has not the columns of trips@3.0.0"):
        validate_partition("trips", KEY)


@pytest.mark.parametrize(("key", "telling"), [("2013-4-1", "is not a date"), ("2999-01-01", "lies in the future")])
def test_a_key_that_is_no_past_day_is_refused(key, telling, project):
    with pytest.raises(ConfigError, match=telling):
        validate_partition("trips", key)
