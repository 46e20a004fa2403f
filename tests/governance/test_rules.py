"""The sweep and the lifecycle rules of S3 are two readings of one list: they give every object the same fate."""

from datetime import UTC, date, datetime, timedelta

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from driftgate.governance import rules as room
from driftgate.governance.rules import lifecycle, retention_rules, rule_of
from driftgate.lake import StoredObject
from driftgate.use_cases import load_use_case

FOLDERS = ("raw", "validated", "quarantine", "captures", "profiles", "reports/validation", "jobs", "drafts", "models")
WRITTEN = st.datetimes(datetime(2013, 1, 1), datetime(2014, 1, 1), timezones=st.just(UTC))


def fate_by_s3(configuration, item, today):
    """Read the configuration as Amazon's documentation says S3 does."""
    tier = "STANDARD"
    for rule in configuration["Rules"]:
        if not item.path.startswith(rule["Filter"]["Prefix"]):
            continue

        def due(days):
            moment = item.written_at + timedelta(days=days)
            midnight = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
            return (midnight if moment == midnight else midnight + timedelta(days=1)).date() <= today

        if "Expiration" in rule and due(rule["Expiration"]["Days"]):
            return "deleted"
        tier = next((move["StorageClass"] for move in reversed(rule.get("Transitions", ())) if due(move["Days"])), tier)
    return tier


def fate_by_sweep(rules, item, today):
    rule = rule_of(item, rules)
    if rule is None:
        return "STANDARD"
    ends = rule.ends_on(item.written_at)
    return "deleted" if ends and ends <= today else rule.tier_on(item.written_at, today)


@pytest.fixture(scope="module")
def rules():
    return retention_rules()


@settings(max_examples=400, deadline=None)
@given(
    folder=st.sampled_from(FOLDERS),
    dataset=st.sampled_from(("flights", "weather", "unknown")),
    written_at=WRITTEN,
    age=st.integers(0, 12_000),
)
def test_both_give_an_object_the_same_fate(rules, folder, dataset, written_at, age):
    item = StoredObject(f"{folder}/{dataset}/2013-04-01/manifest.json", 10, written_at)
    today = written_at.date() + timedelta(days=age)
    rule = rule_of(item, rules)
    swept, by_s3 = fate_by_sweep(rules, item, today), fate_by_s3(lifecycle(rules), item, today)

    if rule and not rule.storage_may_delete and swept == "deleted":
        assert by_s3 != "deleted"  # a dataset version may need it: only the sweep may judge that
    else:
        assert swept == by_s3


@pytest.mark.parametrize(
    ("written_at", "first_day_without"),
    [
        (datetime(2013, 1, 15, 10, 30, tzinfo=UTC), date(2014, 1, 16)),
        (datetime(2013, 1, 15, tzinfo=UTC), date(2014, 1, 15)),
        (datetime(2013, 1, 15, 23, 59, tzinfo=UTC), date(2014, 1, 16)),
    ],
)
def test_an_object_ends_with_the_midnight_after_its_days(rules, written_at, first_day_without):
    quarantine = next(rule for rule in rules if rule.prefix == "quarantine/flights/")
    assert quarantine.days == 365
    assert quarantine.ends_on(written_at) == first_day_without


def test_every_object_falls_under_one_rule_at_most(rules):
    prefixes = [rule.prefix for rule in rules]
    assert not [(a, b) for a in prefixes for b in prefixes if a != b and a.startswith(b)]


def test_data_about_persons_is_deleted_by_the_storage_too(project):
    found = {rule.prefix: rule for rule in retention_rules()}
    assert (found["validated/rides/"].days, found["validated/rides/"].storage_may_delete) == (90, True)
    assert found["raw/rides/"].days == 90
    assert found["profiles/rides/"].days == 90  # and not the 10950 of their zone


def test_a_legal_hold_keeps_everything(project, change):
    change("include/governance/data_classes.yaml", "personal: true", "personal: true\n    legal_hold: true")
    rules = [rule for rule in retention_rules() if "/rides/" in rule.prefix]
    assert {rule.days for rule in rules} == {None}
    assert lifecycle(rules) == {"Rules": []}


@pytest.mark.parametrize(("retention_days", "days"), [(None, 400), (30, 28), (400, 398), (5000, 398)])
def test_captures_end_as_early_as_the_use_case_says_though_compaction_writes_them_anew(
    monkeypatch, retention_days, days
):
    def said(name):
        use_case = load_use_case(name)
        capture = use_case.serve.capture.model_copy(update={"retention_days": retention_days})
        return use_case.model_copy(update={"serve": use_case.serve.model_copy(update={"capture": capture})})

    monkeypatch.setattr(room, "load_use_case", said)
    found = {rule.prefix: rule.days for rule in retention_rules()}
    assert found["captures/flight_delays/"] == days
    assert found["prepared/flight_delays/"] == 90


def test_s3_takes_the_configuration(rules, monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="lake")
        configuration = lifecycle(rules, prefix="team")
        client.put_bucket_lifecycle_configuration(Bucket="lake", LifecycleConfiguration=configuration)
        stored = client.get_bucket_lifecycle_configuration(Bucket="lake")["Rules"]
    assert {rule["Filter"]["Prefix"] for rule in stored} >= {"team/raw/flights/", "team/captures/flight_delays/"}
