"""Edge cases are asked as requests are, and say what a model got wrong."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from driftgate.errors import ConfigError
from driftgate.evaluation import evaluate
from driftgate.evaluation.candidate import candidate_scorer, candidate_signature
from driftgate.evaluation.edge_cases import edge_case_gates, edge_case_results
from driftgate.settings import project_root
from driftgate.use_cases import UseCase
from driftgate.validation_policy import Segment, Validation

VERSION = "flight_delays/2013-03-30-3f9c2a1"
BASE = {
    "carrier": "DL", "flight": 1, "origin": "JFK", "scheduled_departure": "2013-03-30T18:00:00", "dest": "BOS",
    "distance_miles": 200, "departure_hour": 18, "visibility_miles": 10.0,
}  # fmt: skip


@pytest.fixture
def asked(use_case: UseCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., UseCase]:
    """Give the use case edge cases of this test's own."""

    def ask(base: dict[str, Any] = BASE, **cases: Any) -> UseCase:
        shutil.copytree(project_root() / "include" / "settings", tmp_path / "include" / "settings")
        folder = tmp_path / "include" / "use_cases" / "flight_delays"
        folder.mkdir(parents=True)
        (folder / "edge_cases.yaml").write_text(yaml.safe_dump({"base": base, "cases": cases}))
        monkeypatch.setenv("DRIFTGATE_PROJECT", str(tmp_path))
        return use_case.model_copy(update={"validation": Validation(edge_cases="edge_cases.yaml")})

    return ask


def results(use_case: UseCase, job: Any) -> dict[str, Any]:
    found = edge_case_results(use_case, candidate_signature(job), candidate_scorer(job))
    return {one.case: one for one in found}


def case(**keys: Any) -> dict[str, Any]:
    return {"why": "so it is", **keys}


def test_each_kind_of_expectation_holds_or_does_not(asked, job) -> None:
    score = candidate_scorer(job).score_rows([BASE])[0]
    found = results(
        asked(
            answers=case(),
            not_low=case(at_least=float(score)),
            too_low=case(at_least=float(score) + 0.001),
            not_high=case(at_most=float(score)),
            too_high=case(at_most=float(score) - 0.001, severity="warn"),
            fog_is_worse=case(changed={"visibility_miles": 1.0}, moves="up"),
            fog_is_better=case(changed={"visibility_miles": 1.0}, moves="down"),
            far_worse=case(changed={"visibility_miles": 1.0}, moves="up", by_at_least=0.9),
        ),
        job,
    )
    assert {name: one.verdict for name, one in found.items() if not name.startswith(("unseen", "everything"))} == {
        "answers": "pass", "not_low": "pass", "too_low": "fail", "not_high": "pass", "too_high": "warn",
        "fog_is_worse": "pass", "fog_is_better": "fail", "far_worse": "fail",
    }  # fmt: skip
    assert found["answers"].score == round(score, 6)
    assert found["fog_is_worse"].changed_score > found["fog_is_worse"].score
    assert f"the score is {score:.4f}, below" in found["too_low"].sentence
    assert "with visibility_miles 1.0, and must go down by at least 0 (so it is)" in found["fog_is_better"].sentence


def test_every_model_answers_when_a_feed_is_away_and_to_words_it_never_saw(asked, job) -> None:
    found = results(asked(answers=case()), job)
    assert set(found) == {"answers", "everything missing", "unseen carrier", "unseen origin", "unseen dest"}
    assert all(one.verdict == "pass" and 0 <= one.score <= 1 for one in found.values())


def test_a_model_whose_answer_is_no_number_fails(asked, job) -> None:
    class Lost:
        def score_rows(self, rows: Any) -> Any:
            return np.array([float("nan")] * len(rows))

    for one in edge_case_results(asked(answers=case()), candidate_signature(job), Lost()):
        assert (one.verdict, one.score) == ("fail", None)
        assert "the answer is no number" in one.sentence


def test_a_row_that_no_request_could_be_fails_with_the_reason(asked, job) -> None:
    found = results(asked(far=case(row={"distance_miles": "far"}), nobody=case(row={"carrier": None})), job)
    assert "the row is refused (Row 0: field 'distance_miles': expected a whole number" in found["far"].sentence
    assert "field 'carrier': expected a string, found null" in found["nobody"].sentence


@pytest.mark.parametrize(
    ("cases", "key"),
    [
        ({"a": case(row={"visibilty_miles": 1})}, "cases.a.row"),
        ({"a": case(changed={"visibilty_miles": 1}, moves="up")}, "cases.a.changed"),
    ],
)
def test_a_field_that_there_is_not_is_refused(asked, job, cases: Any, key: str) -> None:
    with pytest.raises(ConfigError, match=rf"key '{key}' names 'visibilty_miles', .* did you mean 'visibility_miles'"):
        results(asked(**cases), job)


def test_a_file_that_is_not_there_is_said_so(asked, job) -> None:
    wanted = asked(a=case())
    (wanted.folder / "edge_cases.yaml").unlink()
    with pytest.raises(ConfigError, match=r"edge_cases\.yaml does not exist"):
        results(wanted, job)


def test_a_use_case_without_edge_cases_has_no_gate(use_case: UseCase, job) -> None:
    assert edge_case_gates(use_case, tuple(results(use_case, job).values())) == ()


def test_a_candidate_that_gets_a_rare_case_wrong_is_rejected(asked, folder, job) -> None:
    wanted = asked(
        fog=case(changed={"visibility_miles": 1.0}, moves="down"), morning=case(at_most=0.0, severity="warn")
    )
    report = evaluate(wanted, VERSION, folder, job, None)
    assert (report.passed, report.status) == (False, "rejected_edge_cases")
    assert report.reason.startswith("The gate 'edge_cases' failed. 4 of 6 edge cases hold. Edge case 'fog' does not")
    assert {one.case: one.verdict for one in report.edge_cases if one.verdict != "pass"} == {
        "fog": "fail",
        "morning": "warn",
    }
    assert evaluate(wanted, VERSION, folder, job, None).hash == report.hash


def test_a_doubtful_case_alone_rejects_nobody(asked, folder, job) -> None:
    report = evaluate(asked(morning=case(at_most=0.0, severity="warn")), VERSION, folder, job, None)
    assert report.passed
    assert "'morning' does not hold" in report.reason


def test_too_little_of_a_segment_rejects_a_candidate(use_case: UseCase, folder, job) -> None:
    segments = {"miami": Segment(column="dest", values=("MIA",), min_rows=10)}
    wanted = use_case.model_copy(update={"validation": Validation(segments=segments)})
    report = evaluate(wanted, VERSION, folder, job, None)
    assert (report.passed, report.status) == (False, "rejected_coverage")
    assert [(one.segment, one.rows) for one in report.segments] == [("miami", 0)]
    assert report.splits, "the distances between splits are told without a limit"
