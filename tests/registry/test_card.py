"""The card tells a person what the version is for, how it was measured, and where it comes from."""

import pytest

from driftgate.evaluation.report import CaseResult, SegmentResult, SplitDistance
from driftgate.lake import lake
from driftgate.monitoring import training_baseline
from driftgate.registry import register_job


@pytest.fixture
def card(finished, use_case, mlflow_database) -> str:
    finished()
    register_job(use_case, "job-1", "flight_delays/2013-03-10-3f9c2a1", make_baseline=training_baseline)
    return lake().read("models/flight_delays/1/card.md").decode()


@pytest.mark.parametrize(
    "fact",
    [
        "# flight_delays, version 1",
        "Will this flight arrive more than 15 minutes late",
        "Owner: network-operations (network-ops@example.com)",
        "above a score of 0.182",
        "| trained on | 2013-03-01 to the day before 2013-03-08 | 280 |",
        "| validated on | 2013-03-08 to 2013-03-10 | 120 |",
        "Of 400 rows 150 (37.5%) are positive",
        "| **this version** | 0.7000 (0.6500 to 0.7500) |",
        "| champion 1 | 0.7000 |",
        "| baseline: rule | 0.7000 |",
        "- **uplift: pass.** So it is.",
        "## The 3 most important of 3 features",
        "| `carrier` | critical | ",
        "Features that say nearly the same (rank correlation): none.",
        "12 requests of the window have no outcome",
        "Columns that identify but are not learnt: flight, scheduled_departure, tail_number.",
        "Training stopped early on the validation rows",
        "Job `job-1`, dataset version `flight_delays/2013-03-10-3f9c2a1`",
        "Trainer lightgbm, seed 7, early_stopping_round=30, num_leaves=4",
        "- `model.txt` sha256 `",
    ],
)
def test_the_card_says(card: str, fact: str) -> None:
    assert fact in card


def test_the_card_says_how_well_the_validation_rows_stand_for_what_is_asked(
    finished, use_case, mlflow_database
) -> None:
    distance = {"first": "train", "second": "validation", "kolmogorov_smirnov": None}
    finished(
        segments=(
            SegmentResult(segment="night", rows=1258, min_rows=80, value=0.73, bias=0.008),
            SegmentResult(segment="fog", rows=0, min_rows=1, value=None, bias=None),
        ),
        splits=tuple(SplitDistance(feature=name, psi=psi, **distance) for name, psi in (("dest", 0.1), ("seats", 0.3))),
        edge_cases=(CaseResult(case="fog", score=0.1, changed_score=0.2, verdict="pass", sentence="Fog holds."),),
    )
    register_job(use_case, "job-1", "flight_delays/2013-03-10-3f9c2a1", make_baseline=training_baseline)
    card = lake().read("models/flight_delays/1/card.md").decode()
    assert "| night | 1,258 | 80 | 0.7300 | 0.0080 |\n| fog | 0 | 1 |  |  |" in card
    assert "Furthest apart between train and validation rows, by PSI: `seats` 0.300, `dest` 0.100." in card
    assert "- pass: Fog holds." in card


def test_an_evaluation_of_before_has_no_such_section(card: str) -> None:
    assert "## Validation" not in card
