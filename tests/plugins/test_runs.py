"""Which partitions a run works on, and whether it may act on production."""

from types import SimpleNamespace

import pytest

from driftgate.errors import ConfigError
from driftgate_airflow.runs import is_old_backfill, partition_key, partition_keys


def context(key=None, run_type="manual", conf=None, params=None, events=None):
    run = SimpleNamespace(dag_id="nycflights.ingest", partition_key=key, run_type=run_type, conf=conf or {})
    return {"dag_run": run, "params": params or {}, "triggering_asset_events": events or {}}


def test_the_partition_key_is_the_runs_own():
    assert partition_keys(context("2013-04-01")) == ["2013-04-01"]


def test_a_range_in_the_parameters_is_every_day_of_it():
    given = {"first_partition": "2013-01-30", "last_partition": "2013-02-01"}
    assert partition_keys(context(params=given)) == ["2013-01-30", "2013-01-31", "2013-02-01"]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (context(), "has no partition key; trigger it again with a partition key such as 2013-04-01"),
        (context("yesterday"), "'yesterday' is not a date; write it as YYYY-MM-DD"),
        (context("2099-01-01"), "lies in the future"),
        (context(params={"first_partition": "2013-01-01"}), "needs both its first and its last partition"),
    ],
)
def test_a_run_without_a_usable_key_says_what_to_do(given, sentence):
    with pytest.raises(ConfigError, match=sentence):
        partition_keys(given)


def test_one_key_is_needed_where_a_range_makes_no_sense():
    with pytest.raises(ConfigError, match="no partition key"):
        partition_key(context(params={"first_partition": "2013-01-01", "last_partition": "2013-01-02"}))


def test_a_backfill_acts_on_production_only_when_it_says_replay():
    assert is_old_backfill(context("2013-04-01", "backfill"))
    assert not is_old_backfill(context("2013-04-01", "backfill", conf={"replay": True}))
    assert not is_old_backfill(context("2013-04-01", "backfill", params={"replay": True}))
    assert not is_old_backfill(context("2013-04-01", "scheduled"))


def test_a_run_started_by_a_backfilled_partition_counts_as_one():
    event = SimpleNamespace(extra={"old_backfill": True})
    assert is_old_backfill(context("2013-04-01", "asset_triggered", events={"validated/flights": [event]}))
