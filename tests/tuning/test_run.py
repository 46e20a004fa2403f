"""A study from its first trial to its report, killed on the way, led by two, stopped at its limits."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from driftgate import uris
from driftgate.compute import cancel, status
from driftgate.compute.targets import find_target
from driftgate.errors import ConfigError, JobFailed
from driftgate.lake import lake
from driftgate.tuning import Tuning, lead, open_tuning, read_report, trials_of
from driftgate.tuning import tracking as tuning_tracking
from driftgate.use_cases import UseCase

VERSION = "flight_delays/2013-03-31-3f9c2a1"
TARGET = "local_small"
Until = Callable[[Callable[[], Any]], Any]


@pytest.fixture(autouse=True)
def untracked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """MLflow takes seconds to make its tables; what goes there is kept instead, and tried for real in one test."""
    kept: list[Any] = []
    monkeypatch.setattr(tuning_tracking, "track_runs", lambda use_case, runs: kept.append(runs))
    return kept


def opened(use_case: UseCase) -> Tuning:
    assert use_case.tune
    return open_tuning(use_case, VERSION, use_case.tune)


@pytest.mark.usefixtures("program")
def test_a_study_ends_with_a_better_trial_than_the_parameters_it_began_with(
    shaped: Callable[..., UseCase], starts: Callable[[], dict[str, int]], untracked: list[Any]
) -> None:
    told: list[int] = []
    tuning = opened(shaped(max_trials=10))
    report = lead(tuning, say=lambda standing: told.append(len(standing.trials)))

    first = next(leader for leader in report.leaderboard if leader.number == 0)
    assert {trial.state for trial in trials_of(tuning.study)} == {"complete"}
    assert first.parameters == {"learning_rate": 0.5, "num_leaves": 60}
    assert report.numbers.gain and report.numbers.gain > 0.05
    assert report.best and report.numbers.trials_to_best == report.best.number + 1
    assert report.numbers.seconds >= 10
    assert set(starts().values()) == {1}
    assert told[-1] == 10
    assert [run.job_id for run in untracked[0]] == [leader.job_id for leader in report.leaderboard]

    assert read_report(tuning.study) == report
    assert str(report.best.parameters["num_leaves"]) in report.winner_yaml
    page = lake().read(uris.tuning_report("flight_delays", tuning.study.name, "index.html")).decode()
    assert f"The best is trial {report.best.number}" in page
    assert page.count("<circle") == 10


@pytest.mark.usefixtures("program")
def test_the_same_search_on_the_same_data_is_the_same_study(
    shaped: Callable[..., UseCase], starts: Callable[[], dict[str, int]]
) -> None:
    first = lead(opened(shaped(max_trials=3)))
    assert lead(opened(shaped(max_trials=3))) == first
    more = lead(opened(shaped(max_trials=5)))
    assert more.study.name == first.study.name
    assert set(starts().values()) == {1} and len(starts()) == 5
    assert opened(shaped(max_trials=3, seed=8)).study.name != first.study.name


def test_a_killed_study_goes_on_with_the_same_trials(
    shaped: Callable[..., UseCase], program: Callable[[str], None], starts: Callable[[], dict[str, int]]
) -> None:
    undisturbed = lead(opened(shaped(max_trials=6, max_parallel=2)))
    expected = [trial.parameters for trial in trials_of(undisturbed.study)]

    program("wait")
    use_case = shaped(max_trials=6, max_parallel=2, row_share=0.9)  # another study, the same seed
    for _ in range(2):  # each controller dies while two trials run, and nothing of it is left but the records
        assert len(opened(use_case).controller.advance().trials) == 2
    program("")
    again = lead(opened(use_case))
    assert again.study.name != undisturbed.study.name
    assert [trial.parameters for trial in trials_of(again.study)] == expected
    assert set(starts().values()) == {1}


def test_a_trial_written_down_by_a_process_that_died_before_it_submitted_is_run_once(
    shaped: Callable[..., UseCase],
    program: Callable[[str], None],
    starts: Callable[[], dict[str, int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program("")
    with monkeypatch.context() as patch:

        def dies(*_: Any) -> None:
            raise KeyboardInterrupt

        patch.setattr("driftgate.tuning.attendant.submit", dies)
        with pytest.raises(KeyboardInterrupt):
            opened(shaped(max_trials=2)).controller.advance()
    report = lead(opened(shaped(max_trials=2)))
    assert report.numbers.trials == 2
    assert set(starts().values()) == {1}


def test_a_job_that_was_taken_away_is_started_again_three_times_at_most(
    shaped: Callable[..., UseCase], program: Callable[[str], None], starts: Callable[[], dict[str, int]], until: Until
) -> None:
    program("wait")
    tuning = opened(shaped(max_trials=1, max_parallel=1))
    job_id = tuning.study.job_id(0)
    tuning.controller.advance()
    for expected in (2, 3):
        until(lambda expected=expected: starts().get(job_id, 0) >= expected - 1)
        cancel(job_id, TARGET)
        until(lambda: status(job_id, TARGET).ended)
        assert tuning.controller.advance().trials[0].starts == expected
    until(lambda: starts().get(job_id, 0) >= 3)
    cancel(job_id, TARGET)
    until(lambda: status(job_id, TARGET).ended)
    trial = tuning.controller.advance().trials[0]
    assert (trial.state, trial.reason) == ("failed", "its job was cancelled 3 times")


@pytest.mark.usefixtures("program")
def test_two_who_lead_the_same_study_start_no_trial_twice(
    shaped: Callable[..., UseCase], starts: Callable[[], dict[str, int]]
) -> None:
    reports = []
    leaders = [threading.Thread(target=lambda: reports.append(lead(opened(shaped(max_trials=6))))) for _ in range(2)]
    for leader in leaders:
        leader.start()
    for leader in leaders:
        leader.join()
    assert reports[0].leaderboard == reports[1].leaderboard
    assert len(starts()) == 6 and set(starts().values()) == {1}


@pytest.mark.usefixtures("program")
def test_a_failed_trial_is_kept_with_its_sentence(shaped: Callable[..., UseCase]) -> None:
    space = {"min_data_in_leaf": {"type": "categorical", "choices": (13, 20)}}
    use_case = shaped(space=space, strategy="grid", grid_reason="two values")
    report = lead(opened(use_case))
    assert (report.numbers.failed, report.numbers.trials, report.numbers.gain) == (1, 2, None)
    failed = report.leaderboard[-1]
    assert failed.rank is None
    assert "Feature 'x' is null in all 2 training rows" in failed.reason


def test_a_study_in_which_nothing_works_is_given_up(
    shaped: Callable[..., UseCase], program: Callable[[str], None]
) -> None:
    program("crash")
    tuning = opened(shaped(max_trials=50))
    with pytest.raises(JobFailed, match=r"given up after \d trials, of which none worked; .* Feature 'x' is null"):
        lead(tuning)
    assert read_report(tuning.study).best is None


@pytest.mark.usefixtures("program")
def test_minutes_end_a_study_with_the_best_so_far(shaped: Callable[..., UseCase]) -> None:
    report = lead(opened(shaped(max_trials=50, max_parallel=1, budget={"minutes": 4 / 60})))
    assert report.ended_by == "minutes"
    assert report.numbers.trials == 4  # each says that it ran for a second
    assert report.best


def test_a_limit_stops_what_runs(shaped: Callable[..., UseCase], program: Callable[[str], None], until: Until) -> None:
    program("")
    first = opened(shaped(max_trials=1))
    lead(first)
    program("wait")
    opened(shaped(max_trials=3)).controller.advance()
    late = opened(shaped(max_trials=3, budget={"minutes": 1 / 60}))
    standing = late.controller.advance()
    assert standing.done and [trial.state for trial in standing.trials][1:] == ["stopped"] * (len(standing.trials) - 1)
    until(lambda: status(first.study.job_id(1), TARGET).state == "cancelled")


def test_a_paused_study_leaves_nothing_running_and_goes_on(
    shaped: Callable[..., UseCase], program: Callable[[str], None], until: Until
) -> None:
    program("wait")
    tuning = opened(shaped(max_trials=2))
    tuning.controller.advance()
    tuning.controller.pause()
    until(lambda: all(status(tuning.study.job_id(number), TARGET).ended for number in (0, 1)))
    program("")
    assert lead(opened(shaped(max_trials=2))).numbers.trials == 2


def test_hopeless_trials_are_pruned_and_their_jobs_end(
    shaped: Callable[..., UseCase], program: Callable[[str], None], until: Until
) -> None:
    """Trials that wait after their progress are ended only by the pruner."""
    program("progress")
    use_case = shaped(max_trials=10, max_parallel=1, pruner="median", strategy="random")
    lead(opened(use_case))
    program("poor progress wait")
    tuning = opened(shaped(max_trials=11, max_parallel=1, pruner="median", strategy="random"))
    pruned = until(lambda: [t for t in tuning.controller.advance().trials if (t.number, t.state) == (10, "pruned")])
    assert "is behind earlier trials" in pruned[0].reason
    until(lambda: status(tuning.study.job_id(10), TARGET).state == "cancelled")
    report = lead(tuning)
    assert report.numbers.pruned >= 1
    assert {one.value for one in report.leaderboard if one.state == "pruned"} == {None}, "not measured to its end"
    assert report.numbers.pruned_share == round(report.numbers.pruned / 11, 6)


def test_a_report_before_the_end_is_a_sentence(shaped: Callable[..., UseCase]) -> None:
    with pytest.raises(ConfigError, match="has no report yet"):
        read_report(opened(shaped()).study)


def test_a_budget_in_money_on_a_target_without_a_price_is_refused(
    shaped: Callable[..., UseCase], monkeypatch: pytest.MonkeyPatch
) -> None:
    there = find_target(TARGET).model_copy(update={"backend": "batch", "instance_type": "g9.none"})
    monkeypatch.setattr("driftgate.tuning.run.find_target", lambda name: there)
    with pytest.raises(ConfigError, match=r"'tune.budget.usd' cannot be kept on target 'local_small'\. The price is"):
        opened(shaped(budget={"usd": 1.0}))
    assert opened(shaped(budget={"minutes": 1.0})).study
