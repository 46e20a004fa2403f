"""The card tells a person what the version is for, how it was measured, and where it comes from."""

import pytest

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
