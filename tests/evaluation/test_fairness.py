"""A group that fares worse fails the gate, one too small to tell never passes it, and what stands for it is named."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from driftgate.cli.use_case_lint import lint_use_case
from driftgate.errors import ConfigError
from driftgate.evaluation import evaluate, read_report
from driftgate.evaluation.facets import group_proxies, group_shares, require_facets
from driftgate.evaluation.fairness import JudgedRows, fairness_gate, group_results
from driftgate.evaluation.holdout import days_of
from driftgate.fairness_policy import Fairness
from driftgate.use_cases import UseCase, load_use_case

VERSION = "flight_delays/2013-03-30-3f9c2a1"
METRICS = {"disparate_impact": {}, "equal_opportunity_difference": {"at_most": 0.2}}


def policy(metrics: dict[str, Any] = METRICS, rare: str = "none", **changes: Any) -> Fairness:
    groups = {"ours": {"values": ["AA"]}, "theirs": {"values": ["ZZ"]}, "rare": {"values": [rare]}}
    if rare == "none":
        del groups["rare"]
    facet = {"column": "carrier", "groups": groups, "reference": "ours", "metrics": metrics}
    return Fairness.model_validate({"facets": {"operator": facet}, "min_group_rows": 100, **changes})


def judged(use_case: UseCase, recall: float = 0.8, days: int = 10) -> JudgedRows:
    """Each day 40 flights of AA, half of them late, 40 of ZZ, of whose late ones this share is found, and one of QQ."""
    carrier = np.tile(np.repeat(["AA", "ZZ", "QQ"], [40, 40, 1]), days)
    place = np.tile(np.concatenate([np.arange(40), np.arange(40), [0]]), days)
    times = [datetime(2013, 3, 1) + timedelta(days=day) for day in range(days) for _ in range(81)]
    table = pa.table({"carrier": pa.array(carrier), "scheduled_departure": pa.array(times, pa.timestamp("us"))})
    labels = place < 20
    found = place < np.where(carrier == "ZZ", round(20 * recall), 16)
    return JudgedRows(table, labels, days_of(use_case, table), found)


def with_facets(use_case: UseCase, fairness: Fairness) -> UseCase:
    return use_case.model_copy(update={"fairness": fairness})


def test_groups_that_fare_alike_pass(use_case: UseCase) -> None:
    wanted = with_facets(use_case, policy())
    gate = fairness_gate(tuple(group_results(wanted, judged(wanted))), policy())
    assert (gate.gate, gate.verdict, gate.threshold) == ("fairness", "pass", 1.0)
    assert gate.value is not None and gate.value <= 1
    assert gate.sentence.startswith("All 2 comparisons of groups keep their bounds; nearest to one: ")


def test_a_group_whose_delays_are_missed_fails_with_its_name_and_numbers(use_case: UseCase) -> None:
    wanted = with_facets(use_case, policy())
    results = group_results(wanted, judged(wanted, recall=0.5))
    found = {(one.group, one.metric): one for one in results}
    told = found["theirs", "equal_opportunity_difference"]
    assert (told.value, told.interval, told.verdict, told.severity) == (0.3, (0.3, 0.3), "fail", "critical")
    assert found["theirs", "disparate_impact"].value == pytest.approx(10 / 16)
    assert found["theirs", "accuracy_difference"].verdict == "reported"
    gate = fairness_gate(tuple(results), policy())
    assert (gate.verdict, gate.value, gate.metric) == ("fail", pytest.approx(0.375 / 0.2), "disparate_impact")
    assert "disparate impact of 'theirs' against 'ours' (operator) is 0.625 (0.625 to 0.625)" in gate.sentence
    assert "must be at least 0.8 and at most 1.25" in gate.sentence


def test_the_end_of_the_interval_decides_and_not_the_value(use_case: UseCase) -> None:
    rows = judged(use_case)
    missed = rows.answers.copy()  # type: ignore[union-attr]
    mean = (np.asarray(rows.table["carrier"]) == "ZZ") & (rows.days < np.datetime64("2013-03-03"))
    missed[mean] = False  # on two days of ten none of their delays is found
    bound = {"equal_opportunity_difference": {"at_most": 0.2}, "accuracy_difference": {"at_most": 0.9}}
    wanted = with_facets(use_case, policy(bound))
    results = group_results(wanted, JudgedRows(rows.table, rows.labels, rows.days, missed))
    (found,) = [one for one in results if (one.group, one.metric) == ("theirs", "equal_opportunity_difference")]
    assert found.value == pytest.approx(0.16)
    assert found.interval is not None and found.interval[1] > 0.2
    assert (found.verdict, found.severity) == ("fail", "major")


def test_a_group_of_few_rows_is_never_a_pass(use_case: UseCase) -> None:
    wanted = with_facets(use_case, policy(rare="QQ"))
    results = group_results(wanted, judged(wanted))
    rare = [one for one in results if one.group == "rare"]
    assert {one.value for one in rare} == {None}
    gate = fairness_gate(tuple(results), policy())
    assert gate.verdict == "insufficient_data"
    assert gate.sentence.startswith("2 of 4 comparisons lack 100 rows on 3 days: disparate impact of 'rare'")
    assert "cannot be told of 10 and 400 rows" in gate.sentence

    two_days = group_results(with_facets(use_case, policy(min_group_rows=1)), judged(use_case, days=2))
    assert {one.verdict for one in two_days} == {"insufficient_data", "reported"}


def test_labels_are_compared_before_any_model_answers(use_case: UseCase) -> None:
    rows = judged(use_case)
    bound = {"class_imbalance": {"at_most": 0.9}, "disparate_impact": {}}
    results = group_results(with_facets(use_case, policy(bound)), JudgedRows(rows.table, rows.labels, rows.days))
    found = {(one.group, one.metric): one for one in results}
    assert (found["theirs", "class_imbalance"].value, found["theirs", "class_imbalance"].verdict) == (0.0, "pass")
    assert found["theirs", "conditional_demographic_disparity"].verdict == "reported"


def test_an_evaluation_tells_of_its_groups_beside_the_champion(use_case, folder, artefacts, finish, champion) -> None:
    groups = {"most": {"values": ["AA", "B6", "EV", "UA"]}, "delta": {"values": ["DL"]}}
    facet = {"column": "carrier", "groups": groups, "reference": "most", "metrics": METRICS, "conditional_on": "origin"}
    fairness = Fairness.model_validate({"facets": {"operator": facet}, "min_group_rows": 100})
    wanted = with_facets(use_case, fairness)
    report = evaluate(wanted, VERSION, folder, finish(artefacts()), champion(artefacts(["departure_hour"])))
    (gate,) = [one for one in report.gates if one.gate == "fairness"]
    assert (gate.verdict, report.passed) == ("fail", False)  # Delta is late in the evening only, and most of the time
    found = report.fairness
    assert found is not None
    assert found.decision_threshold == pytest.approx(20 / 110)
    assert [one.metric for one in found.results if one.champion is not None] == [
        "disparate_impact", "difference_in_positive_proportions", "accuracy_difference", "equal_opportunity_difference",
    ]  # fmt: skip
    assert [(one.group, round(one.train + one.validation, 1), one.live) for one in found.shares] == [
        ("most", 1.6, None),
        ("delta", 0.4, None),
    ]
    assert read_report("flight_delays", "job-1") == report


def test_a_feature_that_tells_a_group_apart_is_a_proxy(use_case: UseCase) -> None:
    random = np.random.default_rng(3)
    theirs = random.uniform(size=3000) < 0.3
    table = pa.table(
        {
            "carrier": pa.array(np.where(theirs, "ZZ", "AA")),
            "seats": pa.array(np.where(theirs, 50, 150) + random.integers(0, 40, 3000)),
            "hour": pa.array(random.integers(0, 24, 3000)),
            "label": pa.array(theirs),
        }
    )
    wanted = policy(rare="QQ")
    found = group_proxies(use_case, wanted, table)
    assert {(one.group, one.feature) for one in found} == {("ours", "seats"), ("theirs", "seats")}
    assert all(one.auc == 1.0 for one in found)
    shares = group_shares(use_case, wanted, table, table.slice(0, 100), "2013-03-30")
    assert [one.group for one in shares] == ["ours", "theirs", "rare"]
    assert shares[1].train == pytest.approx(theirs.mean(), abs=1e-6)


def test_a_facet_of_what_there_is_not_is_refused(use_case: UseCase) -> None:
    rows = pa.table({"carrier": ["AA"], "seats": [100.0]})
    facet = policy().facets["operator"]
    wrong = {
        "names 'carier', no column of features.sql; did you mean 'carrier'?": {"column": "carier"},
        "holds numbers, and 'AA' is none": {"column": "seats"},
        "names 'orign', no column of features.sql": {"conditional_on": "orign"},
        "rows that are of two of its groups": {"groups": {"ours": facet.groups["ours"], "also": facet.groups["ours"]}},
    }
    for sentence, change in wrong.items():
        facets = {"operator": facet.model_copy(update=change)}
        with pytest.raises(ConfigError) as refused:
            require_facets(with_facets(use_case, policy().model_copy(update={"facets": facets})), rows, "f.yaml")
        assert "f.yaml: key 'fairness.facets.operator'" in str(refused.value)
        assert sentence in str(refused.value)


def test_the_shipped_facets_fit_their_columns() -> None:
    for name in ("flight_delays", "air_time"):
        assert lint_use_case(load_use_case(name).folder / "use_case.yaml") == []
