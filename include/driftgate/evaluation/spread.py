"""The gate on cross-validation: a model that is good on some weeks only is not good."""

from driftgate.compute import JobResult
from driftgate.evaluation.comparison import Comparison, Finding
from driftgate.evaluation.metrics import metric
from driftgate.evaluation.report import GateResult
from driftgate.use_cases import UseCase


def spread(found: Comparison) -> Finding:
    """Judge what the training's folds measured."""
    return Finding({}, spread_gates(found.use_case, found.job))


def spread_gates(use_case: UseCase, job: JobResult) -> tuple[GateResult, ...]:
    """Compare how far the folds lie apart with the limit of the use case; without a limit there is no gate."""
    section = use_case.train.cross_validation
    if section is None or section.max_spread is None:
        return ()
    name = use_case.metric.primary
    spread, mean = job.metrics.get(f"cv_{name}_std"), job.metrics.get(f"cv_{name}_mean")
    passed = spread is not None and spread <= section.max_spread
    if spread is None or mean is None:
        sentence = f"Job {job.job_id} did not measure any folds; train again, with 'train.cross_validation'."
    else:
        sentence = (
            f"{metric(name).title} is {mean:.4f} with a standard deviation of {spread:.4f} over "
            f"{job.metrics['cv_folds']:.0f} folds, {'at most' if passed else 'more than'} the "
            f"{section.max_spread:.4f} that is allowed."
        )
    return (
        GateResult(
            gate="cross_validation",
            metric=name,
            value=None if spread is None else round(spread, 6),
            interval=None,
            threshold=section.max_spread,
            verdict="pass" if passed else "fail",
            sentence=sentence,
        ),
    )
