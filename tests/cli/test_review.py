"""``driftgate review``, from the queue to the report."""

import json
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from driftgate.captures import Capture, write_captures
from driftgate.cli import main
from driftgate.review_policy import Review
from driftgate.reviews import queue_reviews
from driftgate.use_cases import load_use_case

NAME, DAY = "flight_delays", "2013-04-02"


def told(*arguments, code=0):
    answer = CliRunner().invoke(main.app, ["review", *arguments])
    assert answer.exit_code == code, answer.output
    return " ".join(answer.output.split())


@pytest.fixture
def queue(monkeypatch):
    policy = Review(
        role="dispatcher", reviewers=("eva",), guideline_version="1", cost_usd=3, per_day=9, random_share=1,
        second_share=0, min_agreement=0.5,
    )  # fmt: skip
    reviewed = load_use_case(NAME).model_copy(update={"review": policy})
    monkeypatch.setattr("driftgate.use_cases.load_use_case", lambda _: reviewed)
    write_captures(
        Capture(
            prediction_id=name, use_case=NAME, variant_role="champion", model_version="1", deployment_revision=1,
            step="serving", score=0.5, error=None, latency_ms=1, received_at=datetime(2026, 11, 24, tzinfo=UTC),
            event_time=f"{DAY}T08:00:00", features='{"carrier": "UA"}', request_key=json.dumps({"flight": name}),
        )
        for name in ("p1", "p2")
    )  # fmt: skip
    queue_reviews(reviewed, DAY)


def test_an_answer_is_looked_at_answered_published_and_told_of(queue, tmp_path):
    assert "p1" in told("list", NAME) and "random" in told("list", NAME)
    shown = told("next", NAME, "--reviewer", "eva")
    assert '"carrier": "UA"' in shown and "1 more wait" in shown and "0.5" not in shown
    assert told("publish", NAME, "--key", DAY) == "Nobody has answered yet."
    assert told("report", NAME) == "Nobody has answered yet."
    assert "does not agree" in told("answer", NAME, "p1", "--no", "--seconds", "9", "--reviewer", "eva")
    (tmp_path / "a.csv").write_text("prediction_id,human_label,reviewer,seconds\np2,yes,eva,3\n")
    assert told("import", NAME, str(tmp_path / "a.csv")) == "1 answers are recorded."
    assert told("list", NAME) == "No answer of flight_delays wants a review."
    assert "waits for eva" in told("next", NAME, "--reviewer", "eva")
    assert f"2 labels of flight_delays: flight_delays_reviews/{DAY}-" in told("publish", NAME, "--key", DAY)
    assert "random" in told("report", NAME) and "20.0" in told("report", NAME)


def test_who_may_not_and_what_is_not_there_are_sentences(queue, tmp_path):
    assert "is no dispatcher" in told("answer", NAME, "p1", "--yes", "--reviewer", "ida", code=1)
    assert "is in no queue" in told("answer", NAME, "p9", "--yes", "--reviewer", "eva", code=1)
    assert "No such file" in told("import", NAME, str(tmp_path / "none.csv"), code=1)
