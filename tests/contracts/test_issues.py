"""The log of data issues: appended once per finding, and a rule that holds again is noted."""

import pytest

from driftgate.contracts import validate_partition
from driftgate.contracts.issues import KIND, issues, read_report, record_issues
from driftgate.errors import ContractBroken
from driftgate.metadata import metadata

from .conftest import KEY


def judged() -> list[tuple[str, str, int]]:
    validate_partition("trips", KEY)
    return [(issue.rule, issue.decision, issue.broken) for issue in record_issues("trips", KEY)]


def test_what_is_fine_is_not_logged(ingested):
    ingested()
    assert judged() == []
    assert issues("trips") == []


def test_a_finding_is_logged_once_however_often_it_is_judged(ingested):
    ingested(zone={2: "west"})
    assert judged() == [("zone.known", "rows quarantined", 1)]
    assert judged() == []
    (issue,) = issues("trips")
    assert (issue.partition, issue.judged, issue.where) == (KEY, 10, f"quarantine/trips/{KEY}")
    assert issue.raw == read_report("trips", KEY).raw


def test_a_corrected_delivery_mends_it_and_the_log_keeps_both(ingested):
    ingested(zone={2: "west"})
    judged()
    ingested()
    assert judged() == [("zone.known", "mended", 0)]
    assert judged() == []
    history = metadata().history(KIND, f"trips/{KEY}/zone.known")
    assert [entry.body["decision"] for entry in history] == ["rows quarantined", "mended"]


def test_when_a_critical_rule_is_broken_no_row_was_quarantined(ingested):
    ingested(zone=dict.fromkeys(range(6), "west"))
    with pytest.raises(ContractBroken):
        validate_partition("trips", KEY)
    decisions = {issue.rule: issue.decision for issue in record_issues("trips", KEY)}
    assert decisions["zone.mostly_known"] == decisions["zone.known"] == "partition failed"
    assert issues("trips")[0].where == f"reports/validation/trips/{KEY}.json"


def test_a_partition_that_was_not_judged_has_nothing_to_log(ingested):
    ingested()
    assert read_report("trips", KEY) is None
    assert record_issues("trips", KEY) == []
