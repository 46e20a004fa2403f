"""Partitions, requests and labels of a night: what breaks a limit, what left its usual, what cannot be judged."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from played_nights import FIRST, PlayedNight, Records, baseline, day, evaluated, last_key

from driftgate import uris
from driftgate.evaluation.day_blocks import ScoredDay
from driftgate.lake import lake
from driftgate.monitoring import Evidence, judge, measure
from driftgate.monitoring.evidence import Statistic, write_evidence
from driftgate.partition_keys import keys_before, keys_between
from driftgate.profiles import QualityScores, profile_table
from driftgate.use_cases import UseCase, load_use_case
from driftgate.validation_report import Check, ValidationReport

DAY = "2013-04-01"


@pytest.fixture
def validated(use_case: UseCase) -> Callable[..., None]:
    """Write a validation report as the ingest DAG does."""

    def write(dataset: str = "flights", *, rows: int = 900, quarantined: int = 0, broken: int = 0) -> None:
        checks = tuple(Check(rule=f"r{n}", severity="warn", passed=n >= broken, judged=1, broken=0) for n in range(5))
        report = ValidationReport(
            dataset=dataset, partition=DAY, contract=f"{dataset}@1.0.0", contract_sha256="cd", raw="ab", rows_in=rows,
            rows_validated=rows - quarantined, rows_quarantined=quarantined, checks=checks, failures=(),
        )  # fmt: skip
        lake().write(uris.validation_report(dataset, DAY), report.canonical())

    return write


def numbers(evidence: Evidence) -> dict[str, float]:
    return {one.name: one.value for one in evidence.statistics}


def before(use_case: UseCase, name: str, values: list[float], champion: str | None = None) -> None:
    """Write what the monitor found on the nights before."""
    template = measure(use_case, "2013-01-01", "service").model_copy(update={"champion": champion})
    for key, value in zip(keys_before(DAY, len(values) + 1)[:-1], values, strict=True):
        changed = {
            "key": key,
            "monitor": "quality",
            "verdict": "ok",
            "statistics": (Statistic(name=name, value=value),),
        }
        write_evidence(template.model_copy(update=changed))


def test_good_partitions(use_case: UseCase, validated: Callable[..., None]) -> None:
    validated(quarantined=9, broken=2)
    validated("weather", rows=72)
    found = measure(use_case, DAY, "quality")
    assert (found.verdict, found.value, found.threshold, found.champion) == ("ok", 0.01, 0.05, None)
    assert numbers(found) == {
        "quarantined_share(flights)": 0.01, "broken_rules(flights)": 2,
        "quarantined_share(weather)": 0, "broken_rules(weather)": 0,
    }  # fmt: skip
    assert found.sentence == "All 2 numbers of 2013-04-01 with a limit keep it; 2 rules of contracts were broken."


def test_a_partition_that_is_mostly_quarantined(use_case: UseCase, validated: Callable[..., None]) -> None:
    validated()
    validated("weather", rows=72, quarantined=36)
    found = measure(use_case, DAY, "quality")
    assert (found.verdict, found.severity, found.statistic) == ("drift", "major", "quarantined_share(weather)")
    assert found.sentence == "36 of 72 rows of weather were quarantined, 50.0%."


def test_all_rows_quarantined(use_case: UseCase, validated: Callable[..., None]) -> None:
    validated(rows=900, quarantined=900)
    assert measure(use_case, DAY, "quality").severity == "major"


@pytest.mark.parametrize(("score", "severity"), [(0.98, None), (0.9, "minor"), (1.0, None)])
def test_a_score_of_a_partition_that_falls(use_case: UseCase, score: float, severity: str | None) -> None:
    before(use_case, "completeness(flights)", [0.98, 0.982] * 7)
    scores = QualityScores(completeness=score, uniqueness=None, consistency=None, validity=None)
    profile = profile_table(pa.table({"carrier": ["AA"]})).model_copy(update={"quality": scores})
    lake().write(uris.profile("flights", DAY), profile.canonical())
    found = measure(use_case, DAY, "quality")
    assert found.severity == severity
    assert ("completeness(flights) fell to 90.0%, from 98.1%" in found.sentence) == (severity is not None)


@pytest.mark.parametrize(("answers", "severity"), [(880, None), (450, "minor")])
def test_rows_that_nobody_asked_about(
    use_case: UseCase, validated: Callable[..., None], nights: Any, answers: int, severity: str | None
) -> None:
    before(use_case, "asked_share", [0.98, 0.99] * 7, "1")
    nights.model("1")
    rows = nights.rows(DAY)
    validated(rows=len(rows))
    nights.answer(DAY, rows[: answers * len(rows) // 900])
    assert measure(use_case, DAY, "quality").severity == severity


def test_a_feature_that_no_request_has(use_case: UseCase, nights: Any) -> None:
    nights.model("1")
    nights.answer(DAY, [row | {"dest": None} for row in nights.rows(DAY)])
    found = measure(use_case, DAY, "quality")
    assert (found.verdict, found.severity, found.features) == ("drift", "major", ("dest",))
    assert found.sentence == "No request has a value of dest."


def test_a_feature_that_a_training_day_lacked_too_may_lack(use_case: UseCase, nights: Any) -> None:
    nights.model("1", days=["2013-01-01", "2013-01-02"])
    path = f"{uris.package(use_case.name, '1')}/baseline.json"
    written = json.loads(lake().read(path))
    calm = written["days"]["features"]["dest"]["counts"][0]
    calm[:] = [0] * (len(calm) - 1) + [sum(calm)]
    lake().write(path, json.dumps(written).encode())
    nights.answer(DAY, [row | {"dest": None} for row in nights.rows(DAY)])
    assert numbers(measure(use_case, DAY, "quality"))["absent_features"] == 0


def test_a_package_without_a_baseline_takes_nothing_from_the_partitions(
    use_case: UseCase, validated: Callable[..., None], nights: Any
) -> None:
    validated()
    nights.answer(DAY, nights.rows(DAY))
    found = measure(use_case, DAY, "quality")
    assert (found.verdict, found.champion) == ("ok", "1")
    assert "absent_features" not in numbers(found)


def test_nothing_to_judge(use_case: UseCase) -> None:
    found = measure(use_case, DAY, "quality")
    assert found.verdict == "insufficient"
    assert "has neither a validation report nor answers" in found.sentence


def played(use_case: UseCase, days: list[ScoredDay]) -> list[Evidence]:
    """Judge the nights of these days, one after the other."""
    past, found = Records(), []
    base = baseline(use_case, evaluated(use_case, days[:14]))
    given = dict(zip(keys_between(FIRST, last_key(len(days))), days, strict=True))
    for key in given:
        found.append(judge(PlayedNight(use_case, key, past, given, base), "quality"))
        past.found[key, "quality"] = found[-1]
    return found


def test_a_week_of_turned_labels_is_found_and_a_storm_is_not(use_case: UseCase) -> None:
    random = np.random.default_rng(8)
    days = [day(seed, spread=1.5, level=2.0 * (seed == 20)) for seed in range(40)]
    turned = [ScoredDay(one.labels ^ (random.random(len(one.labels)) < 0.15), one.scores) for one in days[33:]]
    *calm, last = played(use_case, [*days[:33], *turned])
    assert {one.verdict for one in calm[:33]} == {"ok"}
    assert (last.verdict, last.severity, last.statistic) == ("drift", "major", "turned_labels_week")
    assert "were they joined or computed another way?" in last.sentence


@pytest.mark.parametrize("labels", [np.zeros(600, dtype=bool), np.array([True, False] * 20)])
def test_labels_that_tell_nothing_are_left_out(use_case: UseCase, labels: Any) -> None:
    found = played(use_case, [ScoredDay(labels, np.linspace(0.1, 0.9, len(labels)))] * 2)[-1]
    assert found.verdict == "ok"
    assert "turned_labels" not in numbers(found)


def test_labels_of_a_regression_in_seconds() -> None:
    use_case, random = load_use_case("air_time"), np.random.default_rng(2)
    days = [ScoredDay(random.normal(100, 0.5, 400), np.full(400, 100.0)) for _ in range(20)]  # an RMSE of 0.7 minutes
    days[-1].labels[:40] *= 60
    *calm, last = played(use_case, days)
    assert {one.verdict for one in calm} == {"ok"}
    assert (last.severity, last.statistic, last.value) == ("minor", "far_off_labels", 0.1)
