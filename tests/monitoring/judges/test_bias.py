"""Groups that fare worse: what is proved, what is not, and what one night reads of the days before it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from played_nights import Records

from driftgate.errors import SourceMissing
from driftgate.evaluation.bias_cases import bias_cases, close_case
from driftgate.evaluation.fairness_report import GroupResult
from driftgate.fairness_policy import Fairness
from driftgate.monitoring import Baseline, Evidence, Night, decide, judge
from driftgate.monitoring.evidence import write_evidence
from driftgate.monitoring.judges.bias import breach, open_cases
from driftgate.partition_keys import keys_before
from driftgate.profiles import numeric_column, profile_table
from driftgate.use_cases import UseCase, load_use_case

NIGHT = "2013-04-30"
FACETS = {
    "operator": {
        "column": "carrier",
        "groups": {"large": {"values": ["AA"]}, "small": {"values": ["EV"]}},
        "reference": "large",
        "metrics": {"disparate_impact": {"at_least": 0.7}, "equal_opportunity_difference": {"at_most": 0.2}},
    }
}


@dataclass
class Day:
    """The answers of one day, half of them of each carrier; ``scores`` and ``labels`` are of AA and of EV."""

    scores: tuple[float, float] = (0.5, 0.5)
    rows: int = 200
    labels: np.ndarray[Any, Any] | None = None
    joined: bool = True
    version: str = "1"
    features: Callable[[int], dict[str, Any]] = lambda row: {"carrier": "EV" if row % 2 else "AA"}


class PlayedNight(Night):
    """A night in memory; ``looked_at`` are the days whose answers were read."""

    def __init__(self, use_case: UseCase, key: str, days: Mapping[str, Day], past: Any) -> None:
        super().__init__(use_case, key, past)
        self.days, self.looked_at = days, set[str]()

    def answers_of(self, day: str) -> pa.Table:
        self.looked_at.add(day)
        played = self.days.get(day, Day(rows=0))
        rows, version = range(played.rows), played.version
        return pa.table(
            {
                "prediction_id": pa.array([f"{day}-{row}" for row in rows], pa.string()),
                "variant_role": pa.array(["champion" for _ in rows], pa.string()),
                "model_version": pa.array([version for _ in rows], pa.string()),
                "deployment_revision": pa.array([1 for _ in rows], pa.int64()),
                "received_at": pa.array(rows, pa.int64()),
                "score": pa.array([played.scores[row % 2] for row in rows], pa.float64()),
                "features": pa.array([json.dumps(played.features(row)) for row in rows], pa.string()),
            }
        )

    def joined_of(self, day: str) -> pa.Table | None:
        if day not in self.days or not self.days[day].joined:
            return None
        played, late = self.days[day], np.arange(self.days[day].rows) % 4 < 2
        labels = late if played.labels is None else played.labels
        return self.answers_of(day).append_column("label", pa.array(labels))

    def offline_features(self, day: str) -> pa.Table:
        raise SourceMissing(day)

    def baseline_of(self, version: str) -> Baseline:
        profile = profile_table(pa.table({"carrier": ["AA", "EV"]}))
        return Baseline(use_case="x", profile=profile, scores=numeric_column(np.ones(2), rows=2), reference={})

    def package_file(self, version: str, name: str) -> bytes | None:
        return None

    def scorer_of(self, version: str) -> Any:
        raise AssertionError("bias is told by captures alone")


def fair(use_case: UseCase, facets: dict[str, Any] | None = FACETS) -> UseCase:
    policy = Fairness.model_validate({"facets": facets, "min_group_rows": 300}) if facets else None
    return use_case.model_copy(update={"fairness": policy})


def days(count: int = 14, **played: Any) -> dict[str, Day]:
    return {key: Day(**played) for key in keys_before(NIGHT, count)}


def judged(use_case: UseCase, played: Mapping[str, Day], past: Records | None = None) -> Evidence:
    return judge(PlayedNight(use_case, NIGHT, played, past or Records()), "bias")


def test_groups_that_fare_alike_break_nothing(use_case: UseCase) -> None:
    found = judged(fair(use_case), days())
    assert (found.verdict, found.severity, found.features, found.champion) == ("ok", None, (), "1")
    told = {(one.name, one.feature): (one.value, one.interval, one.threshold) for one in found.statistics}
    assert told["equal_opportunity_difference", "operator.small"] == (0.0, (0.0, 0.0), 0.2)
    assert told["disparate_impact", "operator.small"][0] == 1.0
    assert found.sample_size == 14 * 200
    assert "All 2 comparisons of groups keep their bounds" in found.sentence


def test_a_group_that_nobody_warns_is_found(use_case: UseCase) -> None:
    found = judged(fair(use_case), days(scores=(0.5, 0.1)))
    assert (found.verdict, found.severity, found.features) == ("drift", "critical", ("carrier",))
    assert found.sentence.startswith("2 of 2 comparisons of groups break their bounds; worst, ")


def test_what_decisions_tell_needs_no_outcomes(use_case: UseCase) -> None:
    found = judged(fair(use_case), days(scores=(0.5, 0.1), joined=False))
    assert (found.verdict, found.statistic) == ("drift", "operator.small.disparate_impact")
    assert {one.name for one in found.statistics} == {"disparate_impact", "difference_in_positive_proportions"}


def breaking(value: float, interval: tuple[float, float], metric: Any = "equal_opportunity_difference") -> str | None:
    bound = {"at_least": 0.8, "at_most": 1.25} if metric == "disparate_impact" else {"at_most": 0.2}
    found = GroupResult(
        facet="f", group="g", reference="r", metric=metric, rows=900, reference_rows=900, value=value,
        interval=interval, **bound, verdict="fail",
    )  # fmt: skip
    return breach(found)


@pytest.mark.parametrize(
    ("value", "interval", "severity"),
    [
        (0.19, (0.1, 0.3), None),  # a gate would not let it pass
        (0.21, (0.1, 0.3), "minor"),
        (0.25, (0.21, 0.3), "major"),
        (0.5, (0.41, 0.6), "critical"),
        (-0.5, (-0.6, -0.4), None),  # on this side nothing was agreed
        (0.21, (-0.1, 0.5), "minor"),
    ],
)
def test_an_alarm_takes_proof(value: float, interval: tuple[float, float], severity: str | None) -> None:
    assert breaking(value, interval) == severity


def test_impact_has_two_sides() -> None:
    assert breaking(0.7, (0.65, 0.79), "disparate_impact") == "major"
    assert breaking(1.5, (1.3, 1.7), "disparate_impact") == "major"
    assert breaking(1.0, (0.5, 1.9), "disparate_impact") is None  # it may be either, or none


def test_a_night_reads_one_day_and_says_what_it_would_say_of_all(use_case: UseCase) -> None:
    played, past = days(16, scores=(0.5, 0.3)), Records()
    before = PlayedNight(fair(use_case), keys_before(NIGHT, 2)[0], played, past)
    past.found[before.key, "bias"] = judge(before, "bias")
    night = PlayedNight(fair(use_case), NIGHT, played, past)
    found = judge(night, "bias")
    assert night.looked_at == {NIGHT}
    assert found == judged(fair(use_case), played)
    assert len(found.carried) == 28  # of 14 days, what decisions tell and what outcomes tell


@pytest.mark.parametrize("changed", ["champion", "facets"])
def test_what_was_summed_of_others_is_not_gone_on_from(use_case: UseCase, changed: str) -> None:
    played, past = days(), Records()
    before = PlayedNight(fair(use_case), keys_before(NIGHT, 2)[0], played, past)
    kept = judge(before, "bias")
    past.found[before.key, "bias"] = kept.model_copy(update={"champion": "0"}) if changed == "champion" else kept
    groups = {"large": {"values": ["AA"]}, "small": {"values": ["EV", "OO"]}}
    facets = {"operator": FACETS["operator"] | {"groups": groups}} if changed == "facets" else FACETS
    night = PlayedNight(fair(use_case, facets), NIGHT, played, past)
    judge(night, "bias")
    assert night.looked_at == set(played)


def test_a_day_whose_outcomes_come_late_is_counted_then(use_case: UseCase) -> None:
    played, past = days(), Records()
    missing = keys_before(NIGHT, 3)[0]
    played[missing].joined = False
    before = PlayedNight(fair(use_case), keys_before(NIGHT, 2)[0], played, past)
    past.found[before.key, "bias"] = judge(before, "bias")
    played[missing].joined = True
    assert judged(fair(use_case), played, past) == judged(fair(use_case), played)


def test_without_a_section_nothing_was_agreed(use_case: UseCase) -> None:
    found = judged(fair(use_case, None), days())
    assert (found.verdict, found.value, found.statistic) == ("ok", None, "none")
    assert "has no section 'fairness'" in found.sentence


@pytest.mark.parametrize(
    ("played", "sentence"),
    [
        ({}, "was answered by a champion"),
        (days(2), "No two groups of model 1 have 300 rows on 3 days each"),
        (days(features=lambda row: {"carrier": "AA"}), "cannot be told of 0 and 2,800 rows"),
        (days(features=lambda row: {}), "cannot be told of 0 and 0 rows"),
    ],
)
def test_what_cannot_be_judged(use_case: UseCase, played: dict[str, Day], sentence: str) -> None:
    found = judged(fair(use_case), played)
    assert found.verdict == "insufficient"
    assert sentence in found.sentence


def test_outcomes_of_one_class_leave_the_rest_to_be_judged(use_case: UseCase) -> None:
    found = judged(fair(use_case), days(labels=np.zeros(200, dtype=bool)))
    assert (found.verdict, found.statistic) == ("ok", "operator.small.disparate_impact")
    assert "equal_opportunity_difference" not in {one.name for one in found.statistics}


@pytest.mark.parametrize("words", [True, False])
def test_a_facet_may_be_a_column_that_no_model_learns_from(use_case: UseCase, words: bool) -> None:
    groups = {"large": {"values": ["7"]}, "small": {"values": ["8"]}} if words else {
        "large": {"below": 8}, "small": {"at_least": 8}}  # fmt: skip
    facets = {"operator": FACETS["operator"] | {"column": "tail", "groups": groups}}
    played = days(scores=(0.5, 0.1), features=lambda row: {"tail": (str if words else int)(7 + row % 2)})
    assert judged(fair(use_case, facets), played).severity == "critical"


def test_a_column_that_cannot_hold_the_group_is_a_sentence(use_case: UseCase) -> None:
    groups = {"large": {"below": 8}, "small": {"at_least": 8}}
    found = judged(fair(use_case, {"operator": FACETS["operator"] | {"groups": groups}}), days())
    assert found.verdict == "insufficient"
    assert "fairness.facets.operator" in found.sentence


def test_a_regression_is_judged_by_its_errors() -> None:
    bounds = {"absolute_error_difference": {"at_least": -5.0}, "mean_error_difference": {"at_least": -5, "at_most": 5}}
    use_case = fair(load_use_case("air_time"), {"operator": FACETS["operator"] | {"metrics": bounds}})
    truth = np.where(np.arange(200) % 2, 120.0, 100.0)
    assert judged(use_case, days(scores=(101.0, 122.0), labels=truth)).verdict == "ok"
    found = judged(use_case, days(scores=(101.0, 129.0), labels=truth))
    assert (found.severity, found.value) == ("major", -8.0)


def test_a_verdict_on_bias_opens_a_case_once(use_case: UseCase) -> None:
    unfair, ordinary = fair(use_case), {"champion": "1", "verdict": "ok", "severity": None}
    found = judged(unfair, days(scores=(0.5, 0.1)))
    for key in keys_before(NIGHT, 2):
        write_evidence(found.model_copy(update={"key": key}))
        for monitor in ("performance", "data"):
            write_evidence(found.model_copy(update={"key": key, "monitor": monitor, **ordinary}))
    assert decide(unfair, NIGHT, backfill=True).backfill
    assert bias_cases(use_case.name) == []
    verdict = decide(unfair, NIGHT)
    assert (verdict.decision, verdict.rule, verdict.causes) == ("review", "bias_grew_much", ("bias",))
    cases = {case.case: case for case in bias_cases(use_case.name)}
    assert set(cases) == {"operator.small.disparate_impact", "operator.small.equal_opportunity_difference"}
    case = cases["operator.small.disparate_impact"]
    assert (case.found_by, case.model, case.as_of, case.state) == ("monitoring", "1", NIGHT, "open")
    close_case(use_case.name, case.case, "accepted", actor="ada", reason="known of this carrier")
    open_cases(unfair, found)
    assert {one.state for one in bias_cases(use_case.name)} == {"open", "accepted"}  # what a person decided stands
