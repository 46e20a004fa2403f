"""The report of a study: what was found, what it took, what mattered, and where to search next."""

import json
from collections.abc import Sequence
from typing import Any

import yaml

from driftgate import uris
from driftgate.errors import ConfigError
from driftgate.lake import lake
from driftgate.records import Record, canonical_json, parse_record
from driftgate.search_space import Dimension, Strategy, Tune, Value
from driftgate.tuning.search import importances
from driftgate.tuning.space import narrowed
from driftgate.tuning.study import Study, Trial, TrialState, studies, trials_of
from driftgate.tuning.usage import total
from driftgate.tuning.warm_start import best_trials, parents_of, ranked

DIGITS = 6


class Leader(Record):
    """One trial in the leaderboard; ``rank`` and ``value`` are null for one that was not measured to its end.

    Where a pruned one had got to is in its ``reason``: of the validation rows, which may not be what is ranked by.
    """

    rank: int | None
    number: int
    job_id: str
    state: TrialState
    value: float | None
    spread: float | None
    parameters: dict[str, Value]
    seconds: float | None
    cpu_seconds: float | None
    usd: float | None
    energy_wh: float | None
    reason: str


class Numbers(Record):
    """What a study came to, in the numbers that two studies are compared by; null where nothing was measured."""

    study: str
    strategy: Strategy
    trials: int
    pruned: int
    failed: int
    best: float | None
    trials_to_best: int | None
    pruned_share: float
    gain: float | None  # of the best trial over the parameters that the use case had
    seconds: float
    cpu_seconds: float | None
    usd: float | None
    energy_kwh: float | None
    usd_per_gain: float | None
    kwh_per_gain: float | None


class WarmStartAnswer(Record):
    """How many trials this study needed to reach what a parent had found, and how many the parent had needed."""

    parent: str
    target: float
    cold_trials: int
    warm_trials: int | None  # null: it was not reached
    same_data: bool


class TuningReport(Record):
    """One study, as it stood when it ended."""

    schema_version: int = 1
    study: Study
    ended_by: str
    numbers: Numbers
    best: Leader | None
    parallel_for: dict[str, int]  # what each objective would allow at once
    importance: dict[str, float]
    narrowed: dict[str, Dimension]
    warm_start: tuple[WarmStartAnswer, ...]
    previous: Numbers | None
    leaderboard: tuple[Leader, ...]

    @property
    def winner_yaml(self) -> str:
        """The section ``train.parameters`` with the best trial's values, to be pasted or edited."""
        found = self.best.parameters if self.best else {}
        return _yaml({"train": {"parameters": {**self.study.base, **found}}})

    @property
    def narrowed_yaml(self) -> str:
        """The section ``tune.space`` around the best trials, for the next study."""
        space = {name: dimension.model_dump(exclude_defaults=True) for name, dimension in self.narrowed.items()}
        return _yaml({"tune": {"space": space}})


def make_report(study: Study, trials: Sequence[Trial], tune: Tune, ended_by: str) -> TuningReport:
    """Return the report of a study's trials."""
    leaders = _leaders(study, trials)
    return TuningReport(
        study=study,
        ended_by=ended_by,
        numbers=numbers_of(study, trials),
        best=leaders[0] if leaders and leaders[0].rank else None,
        parallel_for={"efficiency": tune.parallel("efficiency"), "time": tune.parallel("time")},
        importance=importances(study, trials),
        narrowed=narrowed(study.space, [trial.parameters for trial in best_trials(study, trials)]),
        warm_start=_warm_start(study, trials),
        previous=_previous(study),
        leaderboard=tuple(leaders),
    )


def write_report(report: TuningReport, page: bytes) -> TuningReport:
    """Write the report, its page, the leaderboard and the winner's configuration to the lake."""
    study = report.study
    board = canonical_json([leader.model_dump(mode="json") for leader in report.leaderboard])
    for name, data in {
        "leaderboard.json": board,
        "winner.yaml": report.winner_yaml.encode(),
        "narrowed.yaml": report.narrowed_yaml.encode(),
        "index.html": page,
        "report.json": report.canonical(),
    }.items():
        lake().write(uris.tuning_report(study.use_case, study.name, name), data)
    return report


def read_report(study: Study) -> TuningReport:
    """Return the report of a study.

    :raises ConfigError: it has not ended yet
    """
    path = uris.tuning_report(study.use_case, study.name, "report.json")
    try:
        raw = json.loads(lake().read(path))
    except FileNotFoundError:
        raise ConfigError(
            f"Study {study.name} has no report yet at {lake().uri(path)}; run 'driftgate tune run' until it ends."
        ) from None
    return parse_record(raw, TuningReport, where=lake().uri(path))


def numbers_of(study: Study, trials: Sequence[Trial]) -> Numbers:
    """Return what a study came to."""
    order = ranked(study, trials)
    best = order[0].value if order else None
    declared = next((trial.value for trial in order if trial.number == 0 and study.strategy != "grid"), None)
    gain = None if best is None or declared is None else round(study.gain(best, declared), DIGITS)
    usd, energy_wh = (total([getattr(trial, what) for trial in trials]) for what in ("usd", "energy_wh"))
    energy_kwh = None if energy_wh is None else energy_wh / 1000
    states = [trial.state for trial in trials]
    return Numbers(
        study=study.name,
        strategy=study.strategy,
        trials=len(trials),
        pruned=states.count("pruned"),
        failed=states.count("failed"),
        best=best,
        trials_to_best=order[0].number + 1 if order else None,
        pruned_share=round(states.count("pruned") / len(states), DIGITS) if states else 0.0,
        gain=gain,
        seconds=total([trial.seconds for trial in trials]) or 0.0,
        cpu_seconds=total([trial.cpu_seconds for trial in trials]),
        usd=usd,
        energy_kwh=energy_kwh,
        usd_per_gain=_per(usd, gain),
        kwh_per_gain=_per(energy_kwh, gain),
    )


def _per(amount: float | None, gain: float | None) -> float | None:
    return round(amount / gain, DIGITS) if amount is not None and gain else None


def _leaders(study: Study, trials: Sequence[Trial]) -> list[Leader]:
    order = ranked(study, trials)
    rest = [trial for trial in trials if trial not in order]
    ranks: list[tuple[int | None, Trial]] = [*enumerate(order, 1), *((None, trial) for trial in rest)]
    return [
        Leader(
            rank=rank,
            job_id=study.job_id(trial.number),
            value=trial.value if rank else None,
            **trial.model_dump(include=set(Leader.model_fields) - {"rank", "job_id", "value"}),
        )
        for rank, trial in ranks
    ]


def _warm_start(study: Study, trials: Sequence[Trial]) -> tuple[WarmStartAnswer, ...]:
    answers = []
    for parent in parents_of(study):
        order = ranked(parent, trials_of(parent))
        if order and order[0].value is not None:
            target = order[0].value
            answers.append(
                WarmStartAnswer(
                    parent=parent.name,
                    target=target,
                    cold_trials=order[0].number + 1,
                    warm_trials=_trials_to(study, trials, target),
                    same_data=parent.dataset_version == study.dataset_version,
                )
            )
    return tuple(answers)


def _trials_to(study: Study, trials: Sequence[Trial], target: float) -> int | None:
    reached = [trial.number for trial in ranked(study, trials) if study.gain(trial.value or 0.0, target) >= 0]
    return min(reached) + 1 if reached else None


def _previous(study: Study) -> Numbers | None:
    before: Study | None = None
    for other in studies(study.use_case):
        if other.name == study.name:
            break
        before = other
    return numbers_of(before, trials_of(before)) if before else None


def _yaml(content: dict[str, Any]) -> str:
    plain = json.loads(canonical_json(content))
    text: str = yaml.safe_dump(plain, sort_keys=False, default_flow_style=False)
    return text
