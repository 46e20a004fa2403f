"""One review at a time, one answer to each, one retraining for an approved one."""

from typing import Any

import pytest

from driftgate.errors import Conflict, NotPermitted
from driftgate.feature_review_policy import FeatureReview
from driftgate.feature_reviews.round import ReviewRound, answer, approved, begin_round, rounds, trained
from driftgate.monitoring import begin
from driftgate.monitoring.verdicts.outcome import due_to_review

NAME, KEY = "flight_delays", "2013-04-02"
BOTH = {"data_science": "Eva", "operations": "Bert"}


@pytest.fixture
def say(policy: FeatureReview) -> Any:
    """Begin the review and answer it."""

    def said(approve: bool | None, signed: dict[str, Any] = BOTH, **more: Any) -> Any:
        begin_round(NAME, KEY, "a/1", "It is due.", policy)
        return answer(NAME, KEY, approve=approve, roles=policy.roles, signed=signed, **more)

    return said


def test_an_approval_keeps_who_signed_and_is_the_request_for_one_retraining(say: Any) -> None:
    made = say(True, {**BOTH, "data_science": " Eva  M. "}, by="eva", pack_sha256="f" * 64)
    assert made.signed == {"data_science": "Eva M.", "operations": "Bert"}
    asked = approved(NAME)
    assert asked == made == rounds(NAME)[0]
    assert "approved by Eva M. (data_science), Bert (operations)." in made.request

    begun = begin(due_to_review(NAME, "2013-04-05", "retrain/1", KEY, made.request))
    assert (begun.id, begun.trigger, begun.key) == ("2013-04-02-feature-review", "feature_review", "2013-04-05")
    trained(made, begun.id)
    assert approved(NAME) is None
    assert approved(NAME, "retrain/2") is None
    again = approved(NAME, "retrain/1")  # the task died and is run again
    assert again
    trained(again, begun.id)
    assert len(rounds(NAME)) == 1
    with pytest.raises(Conflict):
        trained(made, "another")


@pytest.mark.parametrize(
    ("approve", "signed", "reason", "sentence"),
    [
        (True, {"operations": "Bert"}, "", "signed in every role; fill in data_science"),
        (True, {"operations": "Bert", "data_science": "  "}, "", "fill in data_science"),
        (True, {}, "", "fill in data_science and operations"),
        (True, {"operations": "bert", "data_science": "Bert"}, "", "one name stands in two"),
        (False, BOTH, " ", "A rejection says why"),
    ],
)
def test_what_is_incomplete_is_no_answer(say: Any, approve: bool, signed: Any, reason: str, sentence: str) -> None:
    with pytest.raises(NotPermitted, match=sentence):
        say(approve, signed, reason=reason)
    assert rounds(NAME)[0].state == "open"


def test_a_rejection_keeps_its_reason_and_asks_for_nothing(say: Any) -> None:
    made = say(False, {}, reason=" weather groups stay ", by="bert")
    assert (made.state, made.reason, made.answered_by) == ("rejected", "weather groups stay", "bert")
    assert approved(NAME) is None


def test_an_answer_is_given_once(say: Any, policy: FeatureReview) -> None:
    say(True)
    same = answer(NAME, KEY, approve=True, roles=policy.roles, signed=BOTH)
    assert same.state == "approved", "the task is run again"
    with pytest.raises(NotPermitted, match="is approved already"):
        answer(NAME, KEY, approve=False, roles=policy.roles, signed={}, reason="no")
    with pytest.raises(NotPermitted, match="No feature review of flight_delays of 2013-04-03 waits"):
        answer(NAME, "2013-04-03", approve=None, roles=policy.roles, signed={})


def test_one_review_waits_at_a_time_and_an_old_one_holds_nobody_back(policy: FeatureReview) -> None:
    first = begin_round(NAME, KEY, "a/1", "It is due.", policy)
    assert begin_round(NAME, KEY, "a/1", "It is due.", policy) == first
    with pytest.raises(NotPermitted, match="of 2013-04-02 waits for its answer"):
        begin_round(NAME, "2013-04-16", "a/2", "It is due.", policy)
    begin_round(NAME, "2013-04-17", "a/3", "It is due.", policy)
    with pytest.raises(NotPermitted, match="No feature review"):
        answer(NAME, KEY, approve=True, roles=policy.roles, signed=BOTH)
    answer(NAME, "2013-04-17", approve=True, roles=policy.roles, signed=BOTH)
    with pytest.raises(NotPermitted, match="is approved; take a later day"):
        begin_round(NAME, "2013-04-17", "a/4", "Once more.", policy)
    assert [one.state for one in rounds(NAME)] == ["open", "approved"]


def test_the_golden_round_is_written_and_read_unchanged() -> None:
    golden = (
        '{"answered_by":"anna","key":"2013-04-01","pack_sha256":"ab","reason":"Yes.","retraining":"2013-04-01-feature-r'
        'eview","run":"flight_delays.feature_review/1","schema_version":1,"signed":{"data_owner":"anna"},"state":"appro'
        'ved","use_case":"flight_delays","why":"A quarter is over."}'
    )
    assert ReviewRound.model_validate_json(golden).canonical().decode() == golden
