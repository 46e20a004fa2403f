"""Levels of complexity of one trainer beside each other: how good, how sure, how fast, how large, how dear.

A level is on the Pareto front when no other is at least as good in everything and better in something.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from operator import le
from pathlib import Path
from typing import Any

import numpy as np

from driftgate import uris
from driftgate.compute import JobResult, read_artefact
from driftgate.datasets import version_files
from driftgate.errors import ConfigError
from driftgate.evaluation.candidate import candidate_scorer
from driftgate.evaluation.costs import expected_cost_usd
from driftgate.evaluation.gates import rounded
from driftgate.evaluation.holdout import LABEL, Holdout, holdout, read_split
from driftgate.evaluation.metrics import label_values, metric
from driftgate.experiments.algorithms import ALGORITHMS
from driftgate.experiments.jobs import Outcome, experiment_spec, run_jobs
from driftgate.experiments.rows import keep
from driftgate.lake import lake
from driftgate.ledger import collect
from driftgate.records import Record
from driftgate.search_space import Value
from driftgate.tuning.usage import total
from driftgate.use_cases import UseCase

FOLDS = 3
FEWEST_LEVELS = 3
ANSWERS = 200  # rows asked for one by one, for the latency
# Of a use case that declares no levels: what its own parameters are multiplied by.
SCALED = {"lightgbm": "num_leaves"}
FACTORS = {"simple": 0.25, "declared": 1.0, "complex": 4.0}


class Level(Record):
    """One level; null where nothing was measured. ``gap`` is how much better the metric is on the training rows."""

    level: str
    parameters: dict[str, Value]
    job_id: str
    cv_mean: float | None = None
    cv_spread: float | None = None
    validation: float | None = None
    gap: float | None = None
    expected_cost_usd_per_1000: float | None = None
    latency_ms_p50: float | None = None
    latency_ms_p95: float | None = None
    latency_ms_p99: float | None = None
    model_mb: float | None = None
    peak_memory_mib: float | None = None
    train_cpu_seconds: float | None = None
    train_usd: float | None = None
    train_kwh: float | None = None
    pareto: bool = False
    reason: str = ""


class Tradeoff(Record):
    """Every level on the same rows."""

    schema_version: int = 1
    use_case: str
    dataset_version: str
    metric: str
    trainer: str
    interpretability: str
    levels: tuple[Level, ...]


def trade_off(
    use_case: UseCase, dataset_version: str, *, say: Callable[[Outcome], None] = lambda outcome: None
) -> Tradeoff:
    """Train every level of ``experiments.levels``, with folds, write ``tradeoff.json`` and return it.

    :raises ConfigError: fewer than three levels are declared
    """
    levels = levels_of(use_case)
    folder = version_files(dataset_version)
    held = holdout(use_case, folder)
    specs = [experiment_spec(use_case, dataset_version, parameters=given, folds=FOLDS) for given in levels.values()]
    outcomes = run_jobs(specs, say=say)
    found = [
        _level(use_case, folder, held, outcome, name, given)
        for outcome, (name, given) in zip(outcomes, levels.items(), strict=True)
    ]
    made = Tradeoff(
        use_case=use_case.name,
        dataset_version=dataset_version,
        metric=use_case.metric.primary,
        trainer=use_case.train.trainer,
        interpretability=next(one.interpretability for one in ALGORITHMS if one.name == use_case.train.trainer),
        levels=tuple(with_pareto(found, higher_is_better=metric(use_case.metric.primary).higher_is_better)),
    )
    lake().write(uris.experiment(use_case.name, dataset_version, "tradeoff.json"), made.canonical())
    return made


def levels_of(use_case: UseCase) -> dict[str, dict[str, Value]]:
    """Return the declared levels; of a trainer whose complexity is one number, a quarter and four times of it."""
    where = use_case.folder / "use_case.yaml"
    levels = dict(use_case.experiments.levels)
    scaled = SCALED.get(use_case.train.trainer)
    now = use_case.train.parameters.get(scaled, 31) if scaled else None
    if not levels and scaled and isinstance(now, int):
        levels = {name: {scaled: max(2, round(now * factor))} for name, factor in FACTORS.items()}
    if len(levels) < FEWEST_LEVELS:
        raise ConfigError(
            f"{where}: 'experiments.levels' names {len(levels)} levels, and a trade-off takes {FEWEST_LEVELS}: "
            "a simpler and a more complex one beside that of 'train.parameters'."
        )
    return levels


def with_pareto(levels: Sequence[Level], *, higher_is_better: bool) -> list[Level]:
    """Return the levels, those on the Pareto front marked."""
    aims = {level.level: _aims(level, higher_is_better) for level in levels}

    def leads(level: Level) -> bool:
        ours = aims[level.level]
        rivals = [theirs for theirs in aims.values() if theirs is not None and theirs != ours]
        return ours is not None and not any(all(map(le, theirs, ours)) for theirs in rivals)

    return [level.model_copy(update={"pareto": leads(level)}) for level in levels]


def _aims(level: Level, higher_is_better: bool) -> tuple[float, ...] | None:
    """Return what should all be small."""
    value = level.cv_mean if level.cv_mean is not None else level.validation
    wanted = (level.train_cpu_seconds, level.latency_ms_p95, level.model_mb)
    if value is None or None in wanted:
        return None
    return (-value if higher_is_better else value, *(number for number in wanted if number is not None))


def _level(
    use_case: UseCase, folder: Path, held: Holdout, outcome: Outcome, name: str, given: Mapping[str, Value]
) -> Level:
    row, result = keep(outcome), outcome.result
    facts: dict[str, Any] = {"level": name, "parameters": dict(given), "job_id": row.job_id, "reason": row.reason}
    if result is None:
        return Level(**facts)
    scorer, primary = candidate_scorer(result), metric(use_case.metric.primary)
    train = read_split(folder, "train")
    trained = primary.value(label_values(use_case.problem, train.column(LABEL)), scorer.score_table(train))
    scores = scorer.score_table(held.table)
    value = primary.value(held.labels, scores)
    return Level(
        **facts,
        **_latency(scorer, held),
        **_taken(result),
        cv_mean=result.metrics.get(f"cv_{primary.name}_mean"),
        cv_spread=result.metrics.get(f"cv_{primary.name}_std"),
        validation=rounded(value),
        gap=rounded(primary.gain(trained, value)),
        expected_cost_usd_per_1000=rounded(1000 * expected_cost_usd(held.labels, scores, use_case.metric.costs_usd)),
        train_cpu_seconds=row.cpu_seconds,
        train_usd=row.usd,
    )


def _taken(result: JobResult) -> dict[str, Any]:
    return {
        "model_mb": round(len(read_artefact(result, result.model_file)) / 1e6, 6),
        "peak_memory_mib": result.peak_memory_mib,
        "train_kwh": total([row.energy_kwh for row in collect(result.job_id)]),
    }


def _latency(scorer: Any, held: Holdout) -> dict[str, float]:
    matrix = scorer.preprocessing.encode_table(held.table.slice(0, ANSWERS))
    taken = []
    for place in range(len(matrix)):
        started = time.perf_counter()
        scorer.score_matrix(matrix[place : place + 1])
        taken.append(1000 * (time.perf_counter() - started))
    return {f"latency_ms_p{percent}": round(float(np.percentile(taken, percent)), 4) for percent in (50, 95, 99)}
