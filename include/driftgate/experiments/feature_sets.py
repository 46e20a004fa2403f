"""Sets of features side by side: the same training on the same folds, judged on the same rows."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from driftgate import uris
from driftgate.compute import JobResult
from driftgate.datasets import version_files
from driftgate.errors import ConfigError, nearest
from driftgate.evaluation.candidate import candidate_scorer
from driftgate.evaluation.day_blocks import Interval
from driftgate.evaluation.gates import gain_bounds, rounded
from driftgate.evaluation.holdout import LABEL, Holdout, holdout
from driftgate.evaluation.metrics import metric
from driftgate.experiments.jobs import Outcome, experiment_spec, run_jobs
from driftgate.experiments.rows import keep
from driftgate.lake import lake
from driftgate.records import Record
from driftgate.use_cases import UseCase

FOLDS = 3


class FeatureSet(NamedTuple):
    """What is done otherwise than ``features.sql`` and ``not_features`` say."""

    left_out: tuple[str, ...] = ()
    added: tuple[str, ...] = ()


class ComparedSet(Record):
    """One set. ``gain`` is that over the first set on the validation rows, positive where this one is better."""

    name: str
    left_out: tuple[str, ...]
    added: tuple[str, ...]
    job_id: str
    cv_mean: float | None
    cv_std: float | None
    value: float | None
    gain: float | None = None
    interval: Interval | None = None
    reason: str = ""


class SetComparison(Record):
    """Every set, the one first that the others are held against; ``confidence`` is that of the intervals."""

    schema_version: int = 1
    use_case: str
    dataset_version: str
    metric: str
    folds: int
    confidence: float
    sets: tuple[ComparedSet, ...]


def compare_sets(
    use_case: UseCase,
    dataset_version: str,
    sets: Mapping[str, FeatureSet],
    *,
    say: Callable[[Outcome], None] = lambda outcome: None,
) -> SetComparison:
    """Train once with each set, write what came of it and return that.

    :raises ConfigError: the training with the first set failed
    :raises NotPermitted: the week's budget does not cover one of them
    """
    held = holdout(use_case, version_files(dataset_version))
    specs = [
        experiment_spec(use_case, dataset_version, without=one.left_out, including=one.added, folds=FOLDS)
        for one in sets.values()
    ]
    first, *others = run_jobs(specs, say=say)
    names = list(sets)
    base = _compared(use_case, names[0], sets[names[0]], first)
    if first.result is None:
        raise ConfigError(f"The training with the features of {names[0]!r} failed, so nothing compares: {first.reason}")
    made = SetComparison(
        use_case=use_case.name,
        dataset_version=dataset_version,
        metric=use_case.metric.primary,
        folds=FOLDS,
        confidence=use_case.gates.champion.confidence,
        sets=(
            base,
            *(
                _held_against(use_case, held, _compared(use_case, name, sets[name], other), other, first.result)
                for name, other in zip(names[1:], others, strict=True)
            ),
        ),
    )
    lake().write(uris.experiment(use_case.name, dataset_version, "feature_sets.json"), made.canonical())
    return made


def gain_over(use_case: UseCase, held: Holdout, one: JobResult, other: JobResult) -> tuple[float, Interval | None]:
    """Return how much better a model is than another on the same rows, and the bounds of that."""
    primary = metric(use_case.metric.primary)
    scores, others = (candidate_scorer(result).score_table(held.table) for result in (one, other))
    gain = primary.gain(primary.value(held.labels, scores), primary.value(held.labels, others))
    return rounded(gain), gain_bounds(use_case, held, scores, others)


def features_of(use_case: UseCase, dataset_version: str) -> list[str]:
    """Return the features that a dataset version gives a model of the use case."""
    return features_in(use_case, holdout(use_case, version_files(dataset_version)))


def features_in(use_case: UseCase, held: Holdout) -> list[str]:
    """Return the features among the columns of these rows."""
    return [name for name in held.table.column_names if name not in (LABEL, *use_case.not_features)]


def named_set(use_case: UseCase, name: str, left_out: tuple[str, ...], added: tuple[str, ...]) -> FeatureSet:
    """Return a set with its groups of ``experiments.feature_groups`` written out.

    :raises ConfigError: ``added`` names what is not in ``not_features``
    """
    for column in added:
        if column not in use_case.not_features:
            where = use_case.folder / "use_case.yaml"
            raise ConfigError(
                f"{where}: {name!r} adds {column!r}, not in 'not_features'{nearest(column, use_case.not_features)}"
            )
    groups = use_case.experiments.feature_groups
    written = [feature for one in left_out for feature in groups.get(one, (one,))]
    return FeatureSet(tuple(dict.fromkeys(written)), tuple(dict.fromkeys(added)))


def _compared(use_case: UseCase, name: str, given: FeatureSet, outcome: Outcome) -> ComparedSet:
    row = keep(outcome)
    metrics = outcome.result.metrics if outcome.result else {}
    cv_mean, cv_std = (metrics.get(f"cv_{use_case.metric.primary}_{what}") for what in ("mean", "std"))
    return ComparedSet(
        name=name,
        left_out=given.left_out,
        added=given.added,
        job_id=row.job_id,
        cv_mean=None if cv_mean is None else rounded(cv_mean),
        cv_std=None if cv_std is None else rounded(cv_std),
        value=None if row.value is None else rounded(row.value),
        reason=row.reason,
    )


def _held_against(
    use_case: UseCase, held: Holdout, compared: ComparedSet, outcome: Outcome, base: JobResult
) -> ComparedSet:
    if outcome.result is None:
        return compared
    gain, interval = gain_over(use_case, held, outcome.result, base)
    return compared.model_copy(update={"gain": gain, "interval": interval})
