"""What a model's features looked like when it was made and how much each of them matters: ``feature_baseline.json``."""

import json
from typing import TYPE_CHECKING, Literal

import numpy as np

from driftgate.evaluation.correlation import correlations
from driftgate.evaluation.costs import cost_threshold
from driftgate.evaluation.gates import rounded
from driftgate.evaluation.holdout import LABEL
from driftgate.evaluation.importance import Importance, Sample, importances
from driftgate.evaluation.metrics import METRICS, Labels, label_values, metric, one_class
from driftgate.evaluation.perturbation import answer_sensitivities, decision_sensitivities
from driftgate.evaluation.tiers import tiers
from driftgate.monitoring_policy import Tier
from driftgate.problems import ErrorCosts
from driftgate.profiles import Column, NumericColumn, Profile
from driftgate.records import Record, parse_record
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import pyarrow as pa

    from driftgate.models import Scorer

SAMPLE_ROWS = 3000  # of the validation rows; 300 trees score them in 30 ms
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
BINS = 10
STRONG = 0.8
NOTICED = 0.1  # of the model's RMSE: an answer that moves by more has turned


class FeatureSummary(Record):
    """One feature. Its values are those of the training rows; of words, ``baseline.json`` has the counts.

    ``histogram_edges`` are of equally wide bins, ``histogram_shares`` the share of the known values in each.
    ``sensitivity`` is the share of close decisions (in a regression: of answers) that turn when it moves a little.
    """

    kind: Literal["numeric", "categorical"]
    null_rate: float
    distinct: int | None
    minimum: float | None = None
    maximum: float | None = None
    quantiles: dict[str, float] = {}
    histogram_edges: tuple[float, ...] = ()
    histogram_shares: tuple[float, ...] = ()
    importance: Importance
    sensitivity: float
    tier: Tier


class StrongPair(Record):
    """Two features that say nearly the same."""

    first: str
    second: str
    spearman: float


class FeatureBaseline(Record):
    """All features of one model version; the same model and rows give the same bytes."""

    schema_version: int = 1
    use_case: str
    training_rows: int
    sampled_rows: int  # of the validation rows, on which importance and sensitivity are measured
    seed: int
    decision_threshold: float | None  # None in a regression, which has ``answer_tolerance``
    answer_tolerance: float | None = None  # in the label's unit: an answer that moves by more has turned
    features: dict[str, FeatureSummary]
    correlations: dict[str, dict[str, float]]
    strong_pairs: tuple[StrongPair, ...]

    @property
    def ranked(self) -> list[tuple[str, FeatureSummary]]:
        """The features with their names, the most important first."""
        return sorted(self.features.items(), key=lambda item: (-item[1].importance.share, item[0]))


def feature_baseline(
    use_case: UseCase, scorer: "Scorer", train: "pa.Table", validation: "pa.Table", profile: Profile
) -> FeatureBaseline:
    """Return the feature baseline of a model.

    :param profile: that of the features in ``train``, as ``baseline.json`` has it
    :raises ConfigError: ``monitor.tiers`` names something that is no feature, or makes all features equal
    """
    seed = use_case.train.seed
    random = np.random.default_rng(seed)
    sample = _encoded(use_case, scorer, validation, random)
    importance = importances(scorer, sample, metric(use_case.metric.primary), random)
    threshold, tolerance = _turning(use_case, scorer, sample)
    if threshold is not None:
        sensitivity = decision_sensitivities(scorer, sample.matrix, profile.columns, threshold)
    else:
        sensitivity = answer_sensitivities(scorer, sample.matrix, profile.columns, tolerance)
    tier = tiers(use_case, {name: found.share for name, found in importance.items()}, sensitivity)
    numeric = [feature.name for feature in scorer.preprocessing.features if feature.kind == "numeric"]
    together = correlations(_sampled(train, random), numeric)
    return FeatureBaseline(
        use_case=use_case.name,
        training_rows=profile.rows,
        sampled_rows=len(sample.labels),
        seed=seed,
        decision_threshold=None if threshold is None else rounded(threshold),
        answer_tolerance=None if threshold is not None else rounded(tolerance),
        features={
            name: _summary(profile.columns[name], importance[name], sensitivity[name], tier[name])
            for name in scorer.preprocessing.names
        },
        correlations=together,
        strong_pairs=_strong(together),
    )


def read_feature_baseline(data: bytes, where: str) -> FeatureBaseline:
    """Return the record in the bytes of ``feature_baseline.json``.

    :raises ConfigError: it is none
    """
    return parse_record(json.loads(data), FeatureBaseline, where=where)


def _turning(use_case: UseCase, scorer: "Scorer", sample: Sample) -> tuple[float | None, float]:
    """Return the threshold of the decision, None in a regression, and what an answer may move by unnoticed."""
    if isinstance(use_case.metric.costs_usd, ErrorCosts):
        return cost_threshold(use_case.metric.costs_usd), 0.0
    return None, NOTICED * METRICS["rmse"].value(sample.labels, scorer.score_matrix(sample.matrix))


def _encoded(use_case: UseCase, scorer: "Scorer", validation: "pa.Table", random: np.random.Generator) -> Sample:
    rows = _sampled(validation, random)
    labels = _labels(use_case, rows)
    if one_class(use_case.problem, labels):  # one class is so rare that the sample missed it
        rows, labels = validation, _labels(use_case, validation)
    return Sample(scorer.preprocessing.encode_table(rows), labels)


def _labels(use_case: UseCase, table: "pa.Table") -> Labels:
    return label_values(use_case.problem, table.column(LABEL))


def _sampled(table: "pa.Table", random: np.random.Generator) -> "pa.Table":
    """Return the table, or as many of its rows as are enough, in their order."""
    if table.num_rows <= SAMPLE_ROWS:
        return table
    return table.take(np.sort(random.choice(table.num_rows, SAMPLE_ROWS, replace=False)))


def _summary(column: Column, importance: Importance, sensitivity: float, tier: Tier) -> FeatureSummary:
    shared = {
        "null_rate": rounded(column.nulls / column.rows if column.rows else 0.0),
        "distinct": column.distinct,
        "importance": importance,
        "sensitivity": sensitivity,
        "tier": tier,
    }
    if not isinstance(column, NumericColumn):
        return FeatureSummary(kind="categorical", **shared)
    edges, shares = _histogram(column)
    return FeatureSummary(
        kind="numeric",
        minimum=column.minimum,
        maximum=column.maximum,
        quantiles=_quantiles(column),
        histogram_edges=edges,
        histogram_shares=shares,
        **shared,
    )


def _quantiles(column: NumericColumn) -> dict[str, float]:
    if not column.count:
        return {}
    values = column.sketch.quantiles(QUANTILES)
    return {f"p{100 * share:02.0f}": value for share, value in zip(QUANTILES, values, strict=True)}


def _histogram(column: NumericColumn) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return edges and shares; a constant has one edge and no bin."""
    if column.minimum is None or column.maximum is None:
        return (), ()
    edges = np.unique(np.linspace(column.minimum, column.maximum, BINS + 1))
    cumulative = column.sketch.share_up_to(edges[1:])
    shares = np.diff(cumulative, prepend=0.0)
    return tuple(map(float, edges)), tuple(rounded(float(share)) for share in shares)


def _strong(together: dict[str, dict[str, float]]) -> tuple[StrongPair, ...]:
    pairs = (
        StrongPair(first=first, second=second, spearman=value)
        for first, others in together.items()
        for second, value in others.items()
        if abs(value) >= STRONG
    )
    return tuple(sorted(pairs, key=lambda pair: (-abs(pair.spearman), pair.first, pair.second)))
