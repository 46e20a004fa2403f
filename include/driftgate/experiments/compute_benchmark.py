"""One small training on several compute targets and with several trainers, measured in the same way."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from statistics import quantiles
from typing import Any

from driftgate import uris
from driftgate.compute import Attempt, JobResult, JobSpec, attempts
from driftgate.compute.jobs import checked_job_id
from driftgate.datasets import version_files
from driftgate.errors import ConfigError, nearest
from driftgate.evaluation.candidate import candidate_scorer
from driftgate.evaluation.holdout import Holdout, holdout
from driftgate.evaluation.metrics import metric
from driftgate.lake import lake
from driftgate.ledger import collect
from driftgate.problems import PrimaryMetric
from driftgate.records import Record
from driftgate.training import training_spec
from driftgate.training.trainer import TRAINERS
from driftgate.training_policy import TrainerName
from driftgate.use_cases import UseCase

SCORED = 200  # requests of one row that the latency is taken from
SHARE = 0.1  # of the training rows, unless more is asked for
GPU_GAIN = 1.2  # times faster than the best target without one: below it a GPU is not worth its name


class Measured(Record):
    """What one target did with one trainer; None is unknown, never 0."""

    target: str
    trainer: TrainerName
    job_id: str
    rows: int
    seconds: float  # of the job, all attempts
    rows_per_second: float
    cpu_p95_percent: float | None
    gpu_p95_percent: float | None
    memory_p95_percent: float | None
    peak_memory_mib: float
    usd_per_1000_rows: float | None
    latency_p50_ms: float  # of scoring one row, on the machine that compares
    latency_p95_ms: float
    value: float  # of the primary metric, on all validation rows


class ComputeBenchmark(Record):
    """The whole comparison; ``id`` is what a use case may cite as the reason of its choice."""

    schema_version: int = 1
    id: str
    use_case: str
    dataset_version: str
    metric: PrimaryMetric
    row_share: float
    measured_at: datetime  # when the last job began
    measured: tuple[Measured, ...]
    gpu_sentence: str


def benchmark_specs(
    use_case: UseCase, dataset_version: str, targets: Sequence[str], trainers: Sequence[str] = (), share: float = SHARE
) -> list[JobSpec]:
    """Return one job for each target and trainer, under names that the same question finds again.

    :raises ConfigError: there is no such trainer
    """
    for trainer in trainers:
        if trainer not in TRAINERS:
            raise ConfigError(f"There is no trainer {trainer!r}{nearest(trainer, TRAINERS)}")
    wanted = dict.fromkeys(trainers or (use_case.train.trainer,))
    return [_spec(use_case, dataset_version, target, trainer, share) for target in targets for trainer in wanted]


def compute_benchmark(use_case: UseCase, done: Sequence[tuple[JobSpec, JobResult]]) -> ComputeBenchmark:
    """Compare the finished jobs, write the record to the lake and return it.

    :param done: the jobs of :func:`benchmark_specs` and their results
    """
    first = done[0][0]
    held = holdout(use_case, version_files(first.dataset_version))
    measured = tuple(_measured(use_case, held, spec, result) for spec, result in done)
    named = ComputeBenchmark(
        id="",
        use_case=use_case.name,
        dataset_version=first.dataset_version,
        metric=use_case.metric.primary,
        row_share=first.row_share,
        measured_at=max(_last(spec.job_id).started_at for spec, _ in done),
        measured=measured,
        gpu_sentence=gpu_sentence(measured),
    )
    benchmark = named.model_copy(update={"id": f"compute-{named.hash[:12]}"})
    path = uris.experiment(use_case.name, first.dataset_version, f"{benchmark.id}.json")
    lake().write(path, benchmark.canonical())
    return benchmark


def gpu_sentence(measured: Sequence[Measured]) -> str:
    """Say whether a GPU is worth it: only a gain that was measured counts."""
    with_gpu = [one for one in measured if one.gpu_p95_percent is not None]
    without = [one for one in measured if one.gpu_p95_percent is None]
    if not with_gpu:
        return "No target with a GPU was measured, so none is justified."
    if not without:
        return "No target without a GPU was measured, so no gain of one is known; measure one of each."
    best, plain = min(with_gpu, key=_seconds), min(without, key=_seconds)
    faster = plain.seconds / best.seconds
    said = f"{best.target} is {faster:.1f} times as fast as {plain.target}"
    if faster >= GPU_GAIN:
        return f"{said}: look at its price before you choose it."
    return f"{said}, less than {GPU_GAIN}: its GPU is not justified."


def _spec(use_case: UseCase, dataset_version: str, target: str, trainer: str, share: float) -> JobSpec:
    own = trainer == use_case.train.trainer
    parameters = use_case.train.parameters if own else {}  # of another trainer: as it comes
    train = use_case.train.model_copy(
        update={"target": target, "trainer": trainer, "parameters": parameters, "row_share": share}
    )
    spec = training_spec(use_case.model_copy(update={"train": train}), dataset_version, "unnamed")
    return spec.model_copy(
        update={"job_id": checked_job_id(f"benchmark-{use_case.name}-{target}-{trainer}-{spec.hash[:12]}")}
    )


def _measured(use_case: UseCase, held: Holdout, spec: JobSpec, result: JobResult) -> Measured:
    used, scorer = attempts(spec.job_id), candidate_scorer(result)
    rows, seconds = int(result.metrics["train_rows"]), sum(attempt.seconds for attempt in used)
    costs = [row.cost_usd for row in collect(spec.job_id)]
    usd = None if not costs or None in costs else sum(cost for cost in costs if cost)
    requests = held.table.slice(0, SCORED).to_pylist()
    cuts = quantiles([_milliseconds(scorer.score_rows, row) for row in requests], n=20)
    last = used[-1]
    return Measured(
        target=last.target,
        trainer=spec.trainer,
        job_id=spec.job_id,
        rows=rows,
        seconds=round(seconds, 3),
        rows_per_second=round(rows / seconds, 1),
        cpu_p95_percent=last.cpu.p95 if last.cpu else None,
        gpu_p95_percent=last.gpu.p95 if last.gpu else None,
        memory_p95_percent=last.memory.p95 if last.memory else None,
        peak_memory_mib=max(attempt.peak_memory_mib for attempt in used),
        usd_per_1000_rows=None if usd is None else round(usd * 1000 / rows, 6),
        latency_p50_ms=round(cuts[9], 3),
        latency_p95_ms=round(cuts[18], 3),
        value=round(metric(use_case.metric.primary).value(held.labels, scorer.score_table(held.table)), 5),
    )


def _milliseconds(score: Callable[[Sequence[dict[str, Any]]], object], row: dict[str, Any]) -> float:
    began = time.perf_counter()
    score([row])
    return (time.perf_counter() - began) * 1000


def _last(job_id: str) -> Attempt:
    return attempts(job_id)[-1]


def _seconds(one: Measured) -> float:
    return one.seconds
