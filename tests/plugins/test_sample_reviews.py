"""The nightly task that queues answers for people, where the use case asks people."""

from driftgate import uris
from driftgate.lineage import read_stream
from driftgate.review_policy import Review
from driftgate.use_cases import load_use_case
from driftgate_airflow.lifecycle.monitor import monitor
from driftgate_airflow.operators.sample_reviews import SampleReviewsOperator

NAME, KEY = "flight_delays", "2013-04-02"
REVIEW = Review(
    role="dispatcher", reviewers=("eva",), guideline_version="1", cost_usd=3, per_day=9, random_share=1,
    second_share=0, min_agreement=0.5,
)  # fmt: skip


def test_a_night_without_answers_queues_nothing_and_says_so(run, monkeypatch):
    reviewed = load_use_case(NAME).model_copy(update={"review": REVIEW})
    monkeypatch.setattr("driftgate.use_cases.load_use_case", lambda _: reviewed)
    done = run().execute(SampleReviewsOperator(task_id="sample_reviews", use_case=NAME))
    assert (done["queued"], done["labels"], done["agreement"]) == (0, 0, "insufficient")
    assert [ref.name for ref in read_stream(NAME)[-1].outputs] == [uris.review_report(NAME, KEY)]


def test_only_where_people_are_asked_there_is_a_task():
    whole = load_use_case(NAME)
    asked, not_asked = (whole.model_copy(update={"review": one}) for one in (REVIEW, None))
    assert "sample_reviews" in monitor(asked, runbook="…").task_ids
    assert "sample_reviews" not in monitor(not_asked, runbook="…").task_ids
