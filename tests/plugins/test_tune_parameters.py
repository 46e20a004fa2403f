"""The task that leads a study: what the form asks for, a retry after a kill, and where its button leads."""

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from driftgate.lineage import read_stream
from driftgate.tuning import Tuning, find_study, run, trials_of
from driftgate.tuning.study import Trial, add_trial
from driftgate_airflow.operators.tune_parameters import TuneOperator, asked_for

VERSION = "flight_delays/2013-03-31-3f9c2a1"
FORM: dict[str, Any] = {
    "trials": 2, "minutes": None, "usd": None, "strategy": "random", "parallel": None, "warm_start": [],
    "warm_start_type": "transfer_learning",
}  # fmt: skip


@pytest.fixture(autouse=True)
def instant_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trials that end as soon as they are asked for: what a job makes of them is tested where tuning lives."""

    def advanced(controller: Any) -> Any:
        study = controller.study
        for number in range(len(trials_of(study)), controller.limits.trials):
            parameters = {name: study.base[name] for name in study.space}
            add_trial(study, Trial(number=number, parameters=parameters, state="complete", value=0.7 + number / 100))
        return run.Standing(tuple(trials_of(study)), "trials")

    monkeypatch.setattr("driftgate.tuning.controller.Controller.advance", advanced)
    monkeypatch.setattr("driftgate.tuning.tracking.track_runs", lambda use_case, runs: None)


def operator() -> TuneOperator:
    return TuneOperator(task_id="tune_parameters", use_case="flight_delays", dataset_version=VERSION)


def button(task: TuneOperator) -> str:
    return next(link.get_link(task, ti_key=None) for link in task.operator_extra_links if link.name == "Tuning")


def test_a_study_is_led_by_what_the_form_asks_for_and_recorded(run):
    task = operator()
    answer = run(params=FORM).execute(task)
    study = find_study("flight_delays", answer["study"])
    assert (study.strategy, study.dataset_version) == ("random", VERSION)
    assert (answer["trials"], answer["best"], answer["trials_to_best"]) == (2, 0.71, 2)
    (record,) = read_stream("flight_delays")
    assert [ref.name for ref in record.outputs] == [f"study/{study.name}"]
    assert button(task) == f"/driftgate/reports/tuning/flight_delays/{study.name}/index.html"


def test_a_second_try_goes_on_with_the_study_of_the_first(run):
    first = run(params=FORM).execute(operator())
    again = run(params={**FORM, "trials": 4}).execute(operator())
    assert again["study"] == first["study"]
    assert again["trials"] == 4


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"strategy": "grid"}, "The trigger form of a_dag: .*a grid of endless combinations is refused"),
        ({"warm_start": list("abcdef")}, "one to 5 different parents, got 6"),
        ({"warm_start": ["no-such-study"]}, "flight_delays has no study 'no-such-study'"),
    ],
)
def test_a_form_that_cannot_be_done_fails_at_once(run, form, sentence):
    task = operator()
    with pytest.raises(AirflowFailException, match=sentence):
        run(params={**FORM, **form}).execute(task)
    assert button(task) == ""


def test_an_empty_form_asks_for_nothing():
    assert {value for value in asked_for({}).values()} == {None}
    asked = asked_for({**FORM, "warm_start": [" flight_delays-tune-1 ", ""]})
    assert asked["warm_start"] == {"type": "transfer_learning", "parents": ["flight_delays-tune-1"]}


def test_a_killed_task_ends_the_trials_that_run(run, monkeypatch):
    ended: list[str] = []
    monkeypatch.setattr("driftgate.tuning.controller.cancel", lambda job_id, target: ended.append(job_id))

    def killed(tuning: Tuning, **_: Any) -> None:
        add_trial(tuning.study, Trial(number=0, parameters={}))
        raise KeyboardInterrupt

    monkeypatch.setattr("driftgate.tuning.lead", killed)
    task = operator()
    task.on_kill()  # before there is anything to end
    with pytest.raises(KeyboardInterrupt):
        run(params=FORM).execute(task)
    task.on_kill()
    assert ended == [f"{task.study_name}-0000"]


def test_a_study_that_the_budget_does_not_cover_is_skipped_unless_approved(run, monkeypatch):
    asked: list[Any] = []

    def answered(use_case: Any, usd: float | None, at: Any) -> Any:
        asked.append(usd)
        return SimpleNamespace(decision="needs_approval", sentence="That would be 9 of 5 USD this week.")

    monkeypatch.setattr("driftgate.tuning.run.check_budget", answered)
    with pytest.raises(AirflowSkipException, match="That would be 9 of 5 USD this week"):
        run(params={**FORM, "usd": 3.0}).execute(operator())
    assert run(params={**FORM, "usd": 3.0, "beyond_budget": True}).execute(operator())["trials"] == 2
    assert asked[0] is not None and asked[0] <= 3.0
