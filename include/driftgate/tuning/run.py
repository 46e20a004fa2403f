"""A whole study: opened or found, led to its end, reported. Started again after a kill it goes on."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from driftgate.compute import poll_seconds
from driftgate.compute.targets import find_target
from driftgate.errors import ConfigError, JobFailed
from driftgate.ledger import BudgetAnswer, check_budget, forecast
from driftgate.ledger.prices import Machine, price
from driftgate.search_space import Tune
from driftgate.training.spec import chosen_target
from driftgate.tuning.controller import Controller, Limits, Standing
from driftgate.tuning.opening import study_for
from driftgate.tuning.page import render_page
from driftgate.tuning.report import TuningReport, make_report, write_report
from driftgate.tuning.study import Study, trials_of
from driftgate.tuning.tracking import track_trials
from driftgate.tuning.trial_jobs import trial_spec
from driftgate.use_cases import UseCase


@dataclass(frozen=True)
class Tuning:
    """A study and who leads it."""

    study: Study
    tune: Tune
    controller: Controller


def open_tuning(use_case: UseCase, dataset_version: str, tune: Tune) -> Tuning:
    """Open the study of this search, or find it, ready to be led to the limits of ``tune``.

    :raises ConfigError: the space, the warm start or the use case does not allow it
    """
    target = chosen_target(use_case, dataset_version, tune.target or use_case.train.target).target
    _require_price(target, tune)
    study = study_for(use_case, dataset_version, tune)
    grid = tune.combinations if study.strategy == "grid" else None
    limits = Limits(grid or tune.max_trials, tune.budget.minutes, tune.budget.usd)
    return Tuning(study, tune, Controller(study, use_case, target, limits))


def budget_answer(tuning: Tuning, use_case: UseCase, at: datetime) -> BudgetAnswer:
    """Hold what the trials that are still to come would cost against the use case's budget of the week of ``at``."""
    study, limits = tuning.study, tuning.controller.limits
    spec = trial_spec(study, use_case, {}, study.job_id(0), tuning.controller.target)
    each = forecast(spec).usd
    usd = None if each is None else each * max(0, limits.trials - len(trials_of(study)))
    if limits.usd is not None:
        usd = limits.usd if usd is None else min(usd, limits.usd)
    return check_budget(use_case, usd, at)


def _require_price(target: str, tune: Tune) -> None:
    if tune.budget.usd is None:
        return
    rate = price(Machine.of_target(find_target(target)))
    if rate.usd_per_hour is None:
        raise ConfigError(f"'tune.budget.usd' cannot be kept on target {target!r}. {rate.note} Or limit 'minutes'.")


def lead(tuning: Tuning, *, say: Callable[[Standing], None] = lambda standing: None) -> TuningReport:
    """Lead a study until it ends and return its report; ``say`` is told how it is whenever a trial has changed.

    :raises JobFailed: every trial failed; the sentence is that of the first one
    """
    told, pause = None, poll_seconds(tuning.controller.target)
    while not (standing := tuning.controller.advance()).done:
        states = [trial.state for trial in standing.trials]
        if states != told:
            say(standing)
        told = states
        time.sleep(pause)
    say(standing)
    return finish(tuning, standing)


def finish(tuning: Tuning, standing: Standing) -> TuningReport:
    """Write the report of a study that has ended, show its trials in MLflow, and return the report."""
    report = make_report(tuning.study, standing.trials, tuning.tune, standing.ended_by or "trials")
    write_report(report, render_page(report))
    track_trials(report)
    if standing.ended_by == "failures":
        raise JobFailed(
            f"Study {tuning.study.name} was given up after {len(standing.trials)} trials, of which none worked; the "
            f"first one said: {standing.trials[0].reason}"
        )
    return report
