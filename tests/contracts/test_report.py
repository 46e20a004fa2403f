"""A report is bounded, deterministic, and complete about what was checked."""

import pytest

from driftgate.contracts import ValidationReport, load_contract
from driftgate.errors import ConfigError
from driftgate.lake import lake
from driftgate.validation_report import Check, Failure, report_at

from .conftest import report_of

GOLDEN = (
    '{"checks":[{"broken":1,"high":null,"judged":72,"low":null,"note":null,"open":1,"passed":false,"released":0,'
    '"rule":"wind_speed_mph.range","severity":"row"}],"contract":"weather@1.0.0","contract_sha256":"cd","dataset":"weather","decisions":null,'
    '"failures":[{"broken":1,"examples":["1048.36058"],"rule":"wind_speed_mph.range","severity":"row"}],'
    '"newest_minute":1380,"open":1,"partition":"2013-02-12","raw":"ab","released":0,"releases_lost":0,"rows_in":72,'
    '"rows_quarantined":1,"rows_validated":71,"schema_version":3}'
)


def test_the_record_is_written_as_it_always_was():
    report = ValidationReport(
        dataset="weather",
        partition="2013-02-12",
        contract="weather@1.0.0",
        contract_sha256="cd",
        raw="ab",
        rows_in=72,
        rows_validated=71,
        rows_quarantined=1,
        open=1,
        newest_minute=1380,
        checks=(Check(rule="wind_speed_mph.range", severity="row", passed=False, judged=72, broken=1, open=1),),
        failures=(Failure(rule="wind_speed_mph.range", severity="row", broken=1, examples=("1048.36058",)),),
    )

    assert report.canonical().decode() == GOLDEN
    assert ValidationReport.model_validate_json(GOLDEN) == report


def test_every_rule_is_there_and_the_counts_add_up(trips, tmp_path):
    report = report_of(load_contract("trips"), trips(zone={2: "west"}), tmp_path)

    assert [check.rule for check in report.checks] == [
        *(rule.id for rule in load_contract("trips").rules),
        "something_left",
    ]
    assert (report.rows_in, report.rows_validated, report.rows_quarantined, report.failed) == (10, 9, 1, 1)
    assert report.critical == ()


def test_the_same_rows_give_the_same_report(trips, tmp_path):
    assert (
        report_of(load_contract("trips"), trips(zone={2: "west"}), tmp_path).hash
        == report_of(load_contract("trips"), trips(zone={2: "west"}), tmp_path).hash
    )


def test_failures_are_bounded_masked_and_begin_with_the_worst(trips, tmp_path):
    planted = {row: "west" for row in range(8)}
    report = report_of(
        load_contract("trips"), trips(zone=planted, passenger={row: "nobody" for row in range(9)}), tmp_path
    )

    assert [failure.rule for failure in report.failures[:2]] == ["zone.mostly_known", "zone.known"]
    assert all(len(failure.examples) == 5 for failure in report.failures)
    assert {failure.rule: set(failure.examples) for failure in report.failures} == {
        "zone.mostly_known": {"west"},
        "zone.known": {"west"},
        "passenger.form": {"***"},
        "passenger.unique": {"***"},
    }


def test_a_long_value_is_cut(trips, tmp_path):
    report = report_of(load_contract("trips"), trips(zone={0: "w" * 1000}), tmp_path)

    assert len(report.failures[0].examples[0]) < 70


def test_a_rule_that_was_not_judged_is_critically_broken(trips, tmp_path):
    report = report_of(load_contract("trips"), trips(), tmp_path, without=("fare_usd.complete",))

    assert report.critical == ("fare_usd.complete",)


def test_a_partition_of_which_nothing_would_be_left_is_critically_broken(trips, tmp_path):
    report = report_of(load_contract("trips"), trips(fare_usd={row: -1.0 for row in range(10)}), tmp_path)

    assert report.rows_validated == 0
    assert report.critical == ("something_left",)


def test_a_report_that_is_cut_off_is_a_sentence():
    lake().write("reports/validation/trips/2013-04-01.json", b'{"checks":[')
    with pytest.raises(ConfigError, match=r"2013-04-01.json is no JSON; run the validate task"):
        report_at(lake(), "reports/validation/trips/2013-04-01.json")
