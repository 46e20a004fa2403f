"""The tasks of the monitor DAG on a real day that nobody was asked about, run as Airflow runs them."""

from functools import partial
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowFailException

from driftgate import uris
from driftgate.lake import lake, publish
from driftgate.lineage import read_stream
from driftgate.monitoring import verdict_of
from driftgate.monitoring_policy import MONITORS
from driftgate.sources import sample
from driftgate_airflow import assets
from driftgate_airflow.operators.decide_verdict import DecideVerdictOperator
from driftgate_airflow.operators.join_ground_truth import JoinGroundTruthOperator
from driftgate_airflow.operators.measure import MeasureOperator
from driftgate_airflow.operators.measure_probing import MeasureProbingOperator

NAME, KEY = "flight_delays", "2013-04-02"
MEASURES = [partial(MeasureOperator, monitor=name) for name in MONITORS]


def task(operator):
    return operator(task_id="a_task", use_case=NAME)


def test_a_night_goes_from_its_outcomes_to_its_verdict(run):
    publish(lake(), f"validated/flights/{KEY}", sample.table_of("flights", KEY))
    night = (JoinGroundTruthOperator, *MEASURES, DecideVerdictOperator)
    joined, *measured, decision = [run().execute(task(operator)) for operator in night]
    counts = {"requests": 0, "labelled": 0, "unlabelled": 0, "outstanding": 0}
    assert joined == {**counts, "revised_nights": []}
    assert [evidence["verdict"] for evidence in measured] == ["insufficient"] * len(MONITORS)
    assert [ref.name for ref in read_stream(NAME)[1].inputs] == [uris.captures(NAME, KEY)]  # what a monitor read
    assert decision["decision"] == verdict_of(NAME, KEY).decision == "cannot_judge"


def test_the_verdict_rests_on_what_the_monitors_wrote(run):
    for operator in MEASURES:
        run().execute(task(operator))
    decided = task(DecideVerdictOperator)
    (button,) = decided.operator_extra_links
    assert button.get_link(decided, ti_key=None) == ""
    run().execute(decided)
    assert button.get_link(decided, ti_key=None) == f"/driftgate/{uris.night_page(NAME, KEY)}"
    *monitors, verdict = read_stream(NAME)
    assert {output for record in monitors for output in record.outputs} == set(verdict.inputs)
    assert [output.name for output in verdict.outputs] == [f"verdict/{NAME}/{KEY}"]


def test_a_night_without_requests_has_no_probing(run):
    assert run().execute(task(MeasureProbingOperator)) == {"requests": 0, "probing": 0}
    assert [ref.name for ref in read_stream(NAME)[-1].outputs] == [uris.security_report(NAME, KEY)]


def test_outcomes_that_are_not_published_fail_the_join_at_once(run):
    with pytest.raises(AirflowFailException, match=r"SourceMissing: .*run the ingest DAG for it first"):
        run().execute(task(JoinGroundTruthOperator))


@pytest.mark.parametrize("replay", [False, True])
def test_a_night_that_an_old_backfill_published_is_marked_as_one(run, replay):
    night = run(params={"replay": replay})
    night.events = {assets.validated("flights"): [SimpleNamespace(extra={"old_backfill": True})]}
    night.execute(task(DecideVerdictOperator))
    assert verdict_of(NAME, KEY).backfill is not replay
