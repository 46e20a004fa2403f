"""``driftgate tune`` prints the space, lists studies and shows what one of them found."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from driftgate.search_space import Dimension, Tune
from driftgate.tuning.page import render_page
from driftgate.tuning.report import make_report, write_report
from driftgate.tuning.study import Study, Trial, add_trial, open_study, trials_of

SPACE = {"num_leaves": Dimension(type="int", low=2, high=64)}


@pytest.fixture
def study() -> Study:
    """A study of ten trials, one failed and one pruned, that has ended."""
    opened = open_study(
        Study(
            name="flight_delays-tune-1", use_case="flight_delays", dataset_version="flight_delays/2013-03-31-3f9c2a1",
            problem="binary", metric="auc", trainer="lightgbm", base={"num_leaves": 31, "num_iterations": 300},
            space=SPACE, strategy="bayesian", sampler="tpe", pruner="median", measure="folds", folds=3, row_share=1,
            parallel=2, seed=7, warm_start=None, code="c" * 40,
        )
    )  # fmt: skip
    for number in range(10):
        state = {3: "failed", 4: "pruned"}.get(number, "complete")
        value = None if state == "failed" else 0.7 + 0.001 * number
        leaves = {"num_leaves": 31 + number}
        add_trial(
            opened, Trial.model_validate({"number": number, "parameters": leaves, "state": state, "value": value})
        )
    report = make_report(opened, trials_of(opened), Tune(space=SPACE), "trials")
    write_report(report, render_page(report))
    return opened


def test_the_space_is_printed_beside_the_values_of_today(run: Callable[..., Any]) -> None:
    answer = run("tune", "space", "flight_delays").stdout
    (line,) = [line.split() for line in answer.splitlines() if "min_data_in_leaf" in line]
    assert line[1::2] == ["min_data_in_leaf", "int", "log", "20", "2000", "400"]
    assert "At most 20 trials, 2 at once" in answer


def test_studies_are_listed(run: Callable[..., Any], study: Study) -> None:
    answer = run("tune", "show", "flight_delays").stdout
    assert study.name in answer
    assert "+0.00900" in answer, "the best trial, 0.709, over the first one"
    assert "10%" in answer, "one of ten was pruned"


def test_a_use_case_without_a_study_says_how_to_open_one(run: Callable[..., Any]) -> None:
    assert "driftgate tune run flight_delays opens one" in run("tune", "show", "flight_delays").stdout


def test_a_study_is_shown_with_its_winner(run: Callable[..., Any], study: Study) -> None:
    answer = run("tune", "show", "flight_delays", study.name).stdout
    assert "Best cv_auc_mean 0.70900, +0.00900 better than the parameters it began with; 10 of 10 trials" in answer
    assert "    num_leaves: 40\n" in answer
    assert "    num_iterations: 300\n" in answer
    report = json.loads(run("tune", "show", "flight_delays", study.name, "--json").stdout)
    assert (report["numbers"]["failed"], report["leaderboard"][-1]["rank"]) == (1, None)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("show", "flight_delays", "flight_delays-tune-2"), "did you mean 'flight_delays-tune-1'"),
        (("show", "flight_delay"), "did you mean 'flight_delays'"),
        (("run", "flight_delays", "flight_delays/2013-01-01-0000000"), "0000000"),
    ],
)
@pytest.mark.usefixtures("study")
def test_a_wrong_name_is_a_sentence(run: Callable[..., Any], arguments: tuple[str, ...], sentence: str) -> None:
    answer = run("tune", *arguments)
    assert answer.exit_code == 1
    assert sentence in answer.stderr
