"""Levels of complexity of one trainer beside each other: how good, how sure, how fast, how large, how dear.

A level is on the Pareto front when no other is at least as good in everything and better in something.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from operator import le
from pathlib import Path
from typing import Any, Literal

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
from driftgate.problems import PrimaryMetric
from driftgate.records import Record
from driftgate.search_space import Value
from driftgate.tuning.usage import total
from driftgate.use_cases import UseCase

FOLDS = 3
FEWEST_LEVELS = 3
POINT = 0.01
MUCH_COMPUTE = 2.0  # times the CPU time
SMALLEST_CPU_SECONDS = 0.01
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


class Step(Record):
    """What the next dearer level brings over the cheapest one that is as good so far, and whether it needs a reason."""

    level: str
    against: str
    gain: float  # of the primary metric over the folds
    noise: float  # the standard error of such a gain, from the spread over the folds
    times_compute: float
    verdict: Literal["worth_it", "within_noise", "needs_justification"]
    sentence: str


class Tradeoff(Record):
    """Every level on the same rows. ``preferred`` is the cheapest that no dearer one is worth its compute against."""

    schema_version: int = 1
    use_case: str
    dataset_version: str
    metric: str
    trainer: str
    row_share: float = 1.0
    interpretability: str
    levels: tuple[Level, ...]
    steps: tuple[Step, ...] = ()
    preferred: str | None = None


def trade_off(
    use_case: UseCase,
    dataset_version: str,
    *,
    row_share: float | None = None,
    say: Callable[[Outcome], None] = lambda outcome: None,
) -> Tradeoff:
    """Train every level of ``experiments.levels``, with folds, write ``tradeoff.json`` and return it.

    :param row_share: of the training rows; None is as the use case says
    :raises ConfigError: fewer than three levels are declared
    """
    if row_share is not None:
        use_case = use_case.model_copy(update={"train": use_case.train.model_copy(update={"row_share": row_share})})
    levels = levels_of(use_case)
    folder = version_files(dataset_version)
    held = holdout(use_case, folder)
    specs = [experiment_spec(use_case, dataset_version, parameters=given, folds=FOLDS) for given in levels.values()]
    outcomes = run_jobs(specs, say=say)
    found = [
        _level(use_case, folder, held, outcome, name, given)
        for outcome, (name, given) in zip(outcomes, levels.items(), strict=True)
    ]
    levels_found = with_pareto(found, higher_is_better=metric(use_case.metric.primary).higher_is_better)
    steps = steps_up(use_case.metric.primary, levels_found)
    made = Tradeoff(
        use_case=use_case.name,
        dataset_version=dataset_version,
        metric=use_case.metric.primary,
        trainer=use_case.train.trainer,
        row_share=use_case.train.row_share,
        interpretability=next(one.interpretability for one in ALGORITHMS if one.name == use_case.train.trainer),
        levels=tuple(levels_found),
        steps=steps,
        preferred=preferred(levels_found, steps),
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


def steps_up(name: PrimaryMetric, levels: Sequence[Level]) -> tuple[Step, ...]:
    """Climb from the cheapest level to the dearest; a level that is not worth its compute is not climbed onto.

    A gain within the noise is none. A gain of less than a point (0.01 of an AUC, a hundredth of an error) for at least
    twice the compute needs a justification by a person.
    """
    known = [one for one in levels if one.cv_mean is not None and one.train_cpu_seconds is not None]
    ranked = sorted(known, key=lambda one: one.train_cpu_seconds or 0.0)
    steps: list[Step] = []
    for level in ranked[1:]:
        base = next((step.level for step in reversed(steps) if step.verdict == "worth_it"), ranked[0].level)
        steps.append(_step(name, next(one for one in ranked if one.level == base), level))
    return tuple(steps)


def preferred(levels: Sequence[Level], steps: Sequence[Step]) -> str | None:
    """Return the level that the climb ended on, None where nothing was measured."""
    if not steps:
        return next((one.level for one in levels if one.cv_mean is not None), None)
    return next((step.level for step in reversed(steps) if step.verdict == "worth_it"), steps[0].against)


def _step(name: PrimaryMetric, base: Level, level: Level) -> Step:
    primary, before, after = metric(name), base.cv_mean or 0.0, level.cv_mean or 0.0
    gain = rounded(primary.gain(after, before))
    noise = rounded(math.hypot(base.cv_spread or 0.0, level.cv_spread or 0.0) / math.sqrt(FOLDS))
    times = (level.train_cpu_seconds or 0.0) / max(base.train_cpu_seconds or 0.0, SMALLEST_CPU_SECONDS)
    point = rounded(POINT if primary.higher_is_better else POINT * before)
    told = f"{primary.title} of {level.level!r} gains {gain:+.4f} on {base.level!r} for {times:.1f} times the compute"
    verdict: Literal["worth_it", "within_noise", "needs_justification"] = "worth_it"
    if gain <= noise:
        verdict, told = "within_noise", f"{told}, within the noise of {noise:.4f}: the simpler one will do"
    elif gain < point and times >= MUCH_COMPUTE:
        verdict, told = "needs_justification", f"{told}, less than the point ({point:.4f}) that so much should bring"
    return Step(
        level=level.level,
        against=base.level,
        gain=gain,
        noise=noise,
        times_compute=round(times, 3),
        verdict=verdict,
        sentence=f"{told}.",
    )


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
