"""``driftgate feature-review``: whether one is due, and what came of those that were."""

import pytest

from driftgate.feature_reviews.due import policy_of
from driftgate.feature_reviews.round import answer, begin_round
from driftgate.monitoring import decide
from driftgate.use_cases import load_use_case

NAME = "flight_delays"


def told(answer):
    assert answer.exit_code == 0, answer.stderr
    return " ".join(answer.stdout.split())


def test_it_says_whether_one_is_due_and_when(run):
    decide(load_use_case(NAME), "2013-04-02")
    assert "2013-04-02: not due. There was none since the first night" in told(run("feature-review", "due", NAME))
    assert "2013-07-02: due." in told(run("feature-review", "due", NAME, "2013-07-02"))


def test_reviews_are_listed_with_who_signed(run):
    assert "No review of the features of flight_delays was begun yet." in told(run("feature-review", "show", NAME))
    policy = policy_of(load_use_case(NAME))
    begin_round(NAME, "2013-04-02", "a/1", "due", policy)
    answer(NAME, "2013-04-02", approve=True, roles=policy.roles, signed=dict(zip(policy.roles, "abc", strict=True)))
    shown = told(run("feature-review", "show", NAME))
    assert "approved" in shown
    assert "a (data_science)" in shown


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("due", NAME), "so there is nothing to review; name a night"),
        (("due", NAME, "2013-4-2"), "is not a date"),
        (("due", "flight_delay"), "did you mean 'flight_delays'"),
        (("show", "x"), "There is no use case 'x'"),
    ],
)
def test_nonsense_is_refused_in_a_sentence(run, arguments, sentence):
    answer = run("feature-review", *arguments)
    assert answer.exit_code == 1
    assert sentence in " ".join(answer.stderr.split())
