"""The section ``fairness``: bounds around what is alike, more than one metric, and nothing that the problem has not."""

from typing import Any

import pytest

from driftgate.errors import ConfigError
from driftgate.fairness_policy import Bound, Fairness
from driftgate.records import parse_record

FACET: dict[str, Any] = {
    "column": "carrier",
    "groups": {"a": {"values": ["AA"]}, "b": {"values": ["BB"]}},
    "reference": "a",
    "metrics": {"disparate_impact": {}, "accuracy_difference": {"at_most": 0.1}},
}


def fairness(facet: dict[str, Any] = {}, **keys: Any) -> Fairness:  # noqa: B006
    return parse_record({"facets": {"f": {**FACET, **facet}}, **keys}, Fairness, where="use_case.yaml")


def test_the_four_fifths_rule_is_what_disparate_impact_keeps_where_nothing_else_is_said() -> None:
    facet = fairness().facets["f"]
    assert facet.bound("disparate_impact") == Bound(at_least=0.8, at_most=1.25)
    assert facet.bound("class_imbalance") is None
    assert facet.compared == ("b",)


@pytest.mark.parametrize(
    ("facet", "keys", "sentence"),
    [
        ({"reference": "c"}, {}, "reference 'c' is none of the groups a, b"),
        ({"metrics": {"disparate_impact": {}}}, {}, "key 'facets.f.metrics'"),
        ({"metrics": {"disparate_impact": {}, "accuracy_difference": {}}}, {}, "accuracy_difference has no bound"),
        ({"metrics": {**FACET["metrics"], "accuracy_difference": {"at_most": -0.1}}}, {}, "must have 0, groups"),
        ({"metrics": {**FACET["metrics"], "disparate_impact": {"at_least": 1.0}}}, {}, "must have 1, groups treated"),
        ({"metrics": {**FACET["metrics"], "recall": {"at_most": 1}}}, {}, "'facets.f.metrics.recall"),
        ({"groups": {"a": {"values": ["AA"]}}}, {}, "key 'facets.f.groups'"),
        ({}, {"mitigation": "reweigh"}, "belong together"),
        ({}, {"reweigh": "f"}, "belong together"),
        ({}, {"mitigation": "reweigh", "reweigh": "g"}, "reweigh names 'g', none of the facets f"),
    ],
)
def test_what_cannot_be_judged_is_refused(facet: dict[str, Any], keys: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        fairness(facet, **keys)
    assert sentence in str(refused.value)


def test_a_metric_of_the_other_problem_and_a_trainer_that_cannot_weigh_are_refused() -> None:
    fairness().require_fitting("binary", "torch")
    with pytest.raises(ValueError, match="'disparate_impact', which is none of a regression problem; use class_imb"):
        fairness().require_fitting("regression", "lightgbm")
    with pytest.raises(ValueError, match="takes a binary problem and lightgbm"):
        fairness(mitigation="reweigh", reweigh="f").require_fitting("binary", "torch")
