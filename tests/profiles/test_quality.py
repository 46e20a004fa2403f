"""Four scores, by hand: rules first, and the profile where no rule speaks."""

import math

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftgate.profiles import QualityScores, RuleResult, profile_table, quality_scores

COLUMNS = profile_table(
    pa.table({"x": [1.0, math.inf, None, 4.0], "city": ["Boston", "boston", "Boston", None], "n": [1, 2, 3, 4]})
).columns


def test_without_rules_the_profile_speaks() -> None:
    found = quality_scores(COLUMNS)
    assert found == QualityScores(
        completeness=1 - 2 / 12,  # two of twelve cells are null
        uniqueness=None,  # nobody said what should be unique
        consistency=1 - 1 / 3,  # one of three cities is written in another case
        validity=1 - 1 / 7,  # one of seven numbers is infinite
    )


def test_a_rule_takes_the_place_of_the_profile_of_its_column() -> None:
    rules = [
        RuleResult("nulls", ("x",), judged=10, broken=5),
        RuleResult("unique", ("n", "city"), judged=10, broken=4),
        RuleResult("unique", ("n",), judged=10, broken=0),
        RuleResult("values", ("city",), judged=9, broken=0),
        RuleResult("reference", ("n",), judged=10, broken=1),
        RuleResult("pattern", ("n",), judged=1, broken=0),
        RuleResult("range", ("n",), judged=10, broken=2),
    ]
    assert quality_scores(COLUMNS, rules).model_dump() == {
        "completeness": pytest.approx(1 - (5 + 1) / (10 + 8)),
        "uniqueness": pytest.approx(1 - 4 / 20),
        "consistency": pytest.approx(1 - 1 / 20),
        "validity": pytest.approx(1 - (2 + 1) / (10 + 3)),
    }


def test_a_rule_about_the_partition_judges_no_value() -> None:
    whole = [RuleResult(kind, (), judged=4, broken=4) for kind in ("row_count", "volume", "freshness")]
    assert quality_scores(COLUMNS, whole) == quality_scores(COLUMNS)


def test_where_nothing_was_judged_there_is_no_score() -> None:
    assert set(quality_scores({}).model_dump().values()) == {None}


counts = st.integers(0, 1000).flatmap(lambda judged: st.tuples(st.just(judged), st.integers(0, judged)))
rules = st.builds(
    lambda kind, names, both: RuleResult(kind, tuple(names), *both),
    st.sampled_from(["nulls", "unique", "values", "pattern", "reference", "range", "row_count"]),
    st.lists(st.sampled_from(sorted(COLUMNS)), min_size=1, max_size=2, unique=True),
    counts,
)


@given(st.lists(rules, max_size=8))
def test_every_score_is_a_share(results: list[RuleResult]) -> None:
    for score in quality_scores(COLUMNS, results).model_dump().values():
        assert score is None or 0 <= score <= 1
