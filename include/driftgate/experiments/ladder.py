"""From the rule of thumb to the most complex model, one rung at a time, and the rung that is worth its cost.

A rung is worth it when its gain over the chosen rung below is beyond chance (with whole days resampled, the lower bound
of its interval is above zero) and at least ``min_gain_per_cpu_hour`` for each CPU hour that every training takes more.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from driftgate import uris
from driftgate.datasets import version_files
from driftgate.evaluation.baselines import BASELINES
from driftgate.evaluation.candidate import candidate_scorer
from driftgate.evaluation.day_blocks import FEWEST_DAYS, Interval
from driftgate.evaluation.gates import gain_bounds, rounded
from driftgate.evaluation.holdout import Holdout, holdout, read_split
from driftgate.evaluation.metrics import Floats, metric
from driftgate.experiments.algorithms import ALGORITHMS, ORDER, Algorithm
from driftgate.experiments.jobs import Outcome, experiment_spec, run_jobs
from driftgate.experiments.rows import ExperimentRow, keep
from driftgate.lake import lake
from driftgate.records import Record
from driftgate.training_policy import TrainerName
from driftgate.use_cases import UseCase

SECONDS_PER_HOUR = 3600
ROWS_TO_SCORE = 1000


class Rung(Record):
    """One algorithm on the validation rows, and what it adds to the rung below it; null where nothing was measured."""

    algorithm: str
    job_id: str | None
    value: float | None
    gain: float | None
    gain_interval: Interval | None
    train_cpu_seconds: float | None
    train_usd: float | None
    score_cpu_ms_per_1000_rows: float | None
    reason: str = ""


class Choice(Record):
    """Whether an algorithm replaces the one chosen so far, and the sentence that says why."""

    algorithm: str
    against: str | None
    gain: float | None
    gain_interval: Interval | None
    extra_cpu_hours: float | None
    needed_gain: float | None
    wins: bool
    sentence: str


class Ladder(Record):
    """Every rung on the same rows, and the algorithm that the costs speak for."""

    schema_version: int = 1
    use_case: str
    dataset_version: str
    metric: str
    confidence: float
    min_gain_per_cpu_hour: float
    rungs: tuple[Rung, ...]
    candidates: tuple[Algorithm, ...]
    choices: tuple[Choice, ...]
    chosen: str


@dataclass(frozen=True)
class Measured:
    """The answers of one algorithm to the validation rows; none of one that failed."""

    algorithm: str
    scores: Floats | None
    cpu_seconds: float | None
    usd: float | None = None
    score_ms: float | None = None
    job_id: str | None = None
    reason: str = ""


def ladder(
    use_case: UseCase,
    dataset_version: str,
    trainers: Sequence[TrainerName] = (),
    *,
    say: Callable[[Outcome], None] = lambda outcome: None,
) -> Ladder:
    """Train every algorithm on the same rows, write ``ladder.json`` and ``algorithm_selection.json``, return both.

    :param trainers: besides the use case's own, and besides LightGBM, which a network has to be better than
    """
    folder = version_files(dataset_version)
    held = holdout(use_case, folder)
    names = sorted({"lightgbm", use_case.train.trainer, *trainers}, key=ORDER.index)
    specs = [experiment_spec(use_case, dataset_version, trainer=name) for name in names]
    found = [*_baselines(use_case, folder, held), *(_trained(o, held) for o in run_jobs(specs, say=say))]
    found.sort(key=lambda measured: ORDER.index(measured.algorithm))
    return _written(climbed(use_case, dataset_version, held, found))


def climbed(use_case: UseCase, dataset_version: str, held: Holdout, found: Sequence[Measured]) -> Ladder:
    """Return the ladder of algorithms in the order of their complexity."""
    choices = list(_choices(use_case, held, found))
    return Ladder(
        use_case=use_case.name,
        dataset_version=dataset_version,
        metric=use_case.metric.primary,
        confidence=use_case.gates.champion.confidence,
        min_gain_per_cpu_hour=use_case.experiments.min_gain_per_cpu_hour,
        rungs=tuple(_rungs(use_case, held, found)),
        candidates=tuple(one for one in ALGORITHMS if one.name in {measured.algorithm for measured in found}),
        choices=tuple(choices),
        chosen=next((choice.algorithm for choice in reversed(choices) if choice.wins), "none"),
    )


def _baselines(use_case: UseCase, folder: Path, held: Holdout) -> Iterator[Measured]:
    train = read_split(folder, "train")
    for name in use_case.train.baselines:
        started = time.process_time()
        scores = BASELINES[name](use_case, train, held.table)
        yield Measured(name, scores, round(time.process_time() - started, 3))


def _trained(outcome: Outcome, held: Holdout) -> Measured:
    row: ExperimentRow = keep(outcome)
    if outcome.result is None:
        return Measured(row.trainer, None, row.cpu_seconds, row.usd, job_id=row.job_id, reason=row.reason)
    scorer = candidate_scorer(outcome.result)
    scores = scorer.score_table(held.table)
    few = held.table.slice(0, ROWS_TO_SCORE)
    started = time.process_time()
    scorer.score_table(few)
    milliseconds = 1000 * (time.process_time() - started) * ROWS_TO_SCORE / few.num_rows
    return Measured(row.trainer, scores, row.cpu_seconds, row.usd, round(milliseconds, 3), row.job_id)


def _rungs(use_case: UseCase, held: Holdout, found: Sequence[Measured]) -> Iterator[Rung]:
    primary, below = metric(use_case.metric.primary), None
    for measured in found:
        gain, interval = _gain(use_case, held, measured, below)
        yield Rung(
            algorithm=measured.algorithm,
            job_id=measured.job_id,
            value=None if measured.scores is None else rounded(primary.value(held.labels, measured.scores)),
            gain=gain,
            gain_interval=interval,
            train_cpu_seconds=measured.cpu_seconds,
            train_usd=measured.usd,
            score_cpu_ms_per_1000_rows=measured.score_ms,
            reason=measured.reason,
        )
        below = measured if measured.scores is not None else below


def _choices(use_case: UseCase, held: Holdout, found: Sequence[Measured]) -> Iterator[Choice]:
    chosen: Measured | None = None
    for measured in found:
        choice = _choice(use_case, held, measured, chosen)
        chosen = measured if choice.wins else chosen
        yield choice


def _choice(use_case: UseCase, held: Holdout, measured: Measured, chosen: Measured | None) -> Choice:
    gain, interval = _gain(use_case, held, measured, chosen)
    facts: dict[str, Any] = {"algorithm": measured.algorithm, "gain": gain, "gain_interval": interval}
    facts |= {"against": chosen.algorithm if chosen else None, "extra_cpu_hours": None, "needed_gain": None}
    if measured.scores is None:
        return Choice(**facts, wins=False, sentence=f"It failed: {measured.reason}")
    if chosen is None:
        return Choice(**facts, wins=True, sentence="It is the simplest.")
    extra = ((measured.cpu_seconds or 0.0) - (chosen.cpu_seconds or 0.0)) / SECONDS_PER_HOUR
    needed = max(0.0, extra) * use_case.experiments.min_gain_per_cpu_hour
    facts |= {"extra_cpu_hours": rounded(extra), "needed_gain": rounded(needed)}
    if interval is None or gain is None:
        few = f"The validation rows are of fewer than {FEWEST_DAYS} days, too few to tell a gain from chance."
        return Choice(**facts, wins=False, sentence=few)
    wins = interval[0] > 0 and gain >= needed
    sentence = (
        f"It gains {gain:+.5f} ({interval[0]:+.5f} to {interval[1]:+.5f}) over {chosen.algorithm} for {extra:+.5f} CPU "
        f"hours at every training, which ask for {needed:.5f}: "
        + ("it is worth it." if wins else "that may be chance." if interval[0] <= 0 else "too little for its cost.")
    )
    return Choice(**facts, wins=wins, sentence=sentence)


def _gain(
    use_case: UseCase, held: Holdout, measured: Measured, other: Measured | None
) -> tuple[float | None, Interval | None]:
    if measured.scores is None or other is None or other.scores is None:
        return None, None
    primary = metric(use_case.metric.primary)
    gain = primary.gain(*(primary.value(held.labels, scores) for scores in (measured.scores, other.scores)))
    return rounded(gain), gain_bounds(use_case, held, measured.scores, other.scores)


def _written(made: Ladder) -> Ladder:
    chosen_only = {"use_case", "dataset_version", "metric", "min_gain_per_cpu_hour", "candidates", "choices", "chosen"}
    for name, data in {
        "ladder.json": made.canonical(),
        "algorithm_selection.json": made.model_dump_json(include=chosen_only, indent=1).encode(),
    }.items():
        lake().write(uris.experiment(made.use_case, made.dataset_version, name), data)
    return made
