"""What a candidate must beat to be worth its upkeep: a rule of thumb and a linear model, fitted on the same rows."""

import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from driftgate.errors import ConfigError, nearest
from driftgate.evaluation.holdout import LABEL
from driftgate.evaluation.metrics import Floats, Labels, label_values, one_class
from driftgate.models.columns import kind_of
from driftgate.models.rule import Group, Rule
from driftgate.problems import BaselineName, Problem
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import pyarrow as pa

# A group with few rows is pulled towards the overall mean as if it had these many more: many for a share, which is
# mostly noise, one for an amount.
RULE_PRIOR_ROWS: dict[Problem, int] = {"binary": 100, "regression": 1}
MOST_CATEGORIES = 200  # one-hot columns of one feature; rarer categories have no column of their own
MOST_ITERATIONS = 200

Baseline = Callable[[UseCase, "pa.Table", "pa.Table"], Floats]


def baseline_scores(use_case: UseCase, train: "pa.Table", validation: "pa.Table") -> dict[str, Floats]:
    """Return the scores of each baseline of the use case on the validation rows, fitted on the training rows.

    :raises ConfigError: all training labels are of one class
    """
    labels = _labels(use_case, train)
    if one_class(use_case.problem, labels):
        raise ConfigError(
            f"All {len(labels)} training labels of {use_case.name} are of one class; take a longer window."
        )
    return {name: BASELINES[name](use_case, train, validation) for name in use_case.train.baselines}


def rule_scores(use_case: UseCase, train: "pa.Table", validation: "pa.Table") -> Floats:
    """Return what :func:`fit_rule` says of the validation rows."""
    rule = fit_rule(use_case, train)
    return np.array([rule.of_group(group) for group in _groups(use_case, validation)])


def fit_rule(use_case: UseCase, train: "pa.Table") -> Rule:
    """Return the mean label of the training rows of each group: the same ``rule_by``, or the same hour of the day.

    The mean of group g is ``(sum of labels of g + m p) / (rows of g + m)`` with p the overall mean and m
    :data:`RULE_PRIOR_ROWS` (additive smoothing towards p); a group that training never saw has p.
    """
    labels, prior = _labels(use_case, train), RULE_PRIOR_ROWS[use_case.problem]
    groups = _groups(use_case, train)
    places = {group: place for place, group in enumerate(dict.fromkeys(groups))}
    found = np.array([places[group] for group in groups])
    sums, rows, mean = np.bincount(found, weights=labels), np.bincount(found), float(labels.mean())
    means = ((sums + prior * mean) / (rows + prior)).tolist()
    told = [Group(values=group, answer=answer) for group, answer in zip(places, means, strict=True)]
    return Rule(by=use_case.train.rule_by, event_time=use_case.event_time, groups=tuple(told), answer=mean)


def logistic_scores(use_case: UseCase, train: "pa.Table", validation: "pa.Table") -> Floats:
    """Return the probabilities of a logistic regression (L2, C = 1) on one-hot strings and standardised numbers.

    A missing number is the mean of its feature; a missing or unseen category is all zeros.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    fitted, asked = _matrices(use_case, train, validation)
    model = LogisticRegression(max_iter=MOST_ITERATIONS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a baseline that is nearly at its optimum is one
        model.fit(fitted, _labels(use_case, train))
    scores: Floats = model.predict_proba(asked)[:, 1]
    return scores


def linear_scores(use_case: UseCase, train: "pa.Table", validation: "pa.Table") -> Floats:
    """Return the answers of a ridge regression (penalty 1) on the same encoding as :func:`logistic_scores`."""
    from sklearn.linear_model import Ridge

    fitted, asked = _matrices(use_case, train, validation)
    model = Ridge(alpha=1.0, solver="sparse_cg", max_iter=10 * MOST_ITERATIONS, tol=1e-6)
    model.fit(fitted, _labels(use_case, train))
    scores: Floats = model.predict(asked)
    return scores


BASELINES: dict[BaselineName, Baseline] = {"rule": rule_scores, "logistic": logistic_scores, "linear": linear_scores}


def _matrices(use_case: UseCase, train: "pa.Table", validation: "pa.Table") -> tuple[Any, Any]:
    from scipy.sparse import csr_matrix, hstack

    pairs = list(_encoded(use_case, train, validation))
    fitted, asked = (csr_matrix(hstack([pair[side] for pair in pairs])) for side in (0, 1))
    return fitted, asked


def _encoded(use_case: UseCase, train: "pa.Table", validation: "pa.Table") -> Iterator[tuple[Any, Any]]:
    """Yield, for each feature, its matrices for the training and the validation rows."""
    import pyarrow as pa

    for name in train.column_names:
        if name in (LABEL, *use_case.not_features):
            continue
        fitted, asked = train.column(name), validation.column(name)
        if pa.types.is_string(fitted.type) or pa.types.is_large_string(fitted.type):
            yield _one_hot(fitted, asked)
        else:
            yield _standardised(fitted, asked)


def _one_hot(fitted: "pa.ChunkedArray", asked: "pa.ChunkedArray") -> tuple[Any, Any]:
    import pyarrow.compute as pc

    counted = sorted(
        pc.value_counts(fitted.drop_null()).to_pylist(), key=lambda item: (-item["counts"], item["values"])
    )
    categories = [item["values"] for item in counted[:MOST_CATEGORIES]]
    return _indicators(fitted, categories), _indicators(asked, categories)


def _indicators(column: "pa.ChunkedArray", categories: list[str]) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc
    from scipy.sparse import csr_matrix

    places = pc.index_in(column, value_set=pa.array(categories, column.type)).fill_null(-1).to_numpy()
    known = np.flatnonzero(places >= 0)
    return csr_matrix((np.ones(len(known)), (known, places[known])), shape=(len(places), len(categories)))


def _standardised(fitted: "pa.ChunkedArray", asked: "pa.ChunkedArray") -> tuple[Any, Any]:
    from scipy.sparse import csr_matrix

    numbers = _numbers(fitted)
    known = numbers[np.isfinite(numbers)]
    mean, spread = (known.mean(), known.std()) if len(known) else (0.0, 0.0)
    columns = ((np.nan_to_num(part, nan=mean) - mean) / (spread or 1.0) for part in (numbers, _numbers(asked)))
    first, second = (csr_matrix(column.reshape(-1, 1)) for column in columns)
    return first, second


def _numbers(column: "pa.ChunkedArray") -> Floats:
    import pyarrow as pa

    numbers: Floats = column.cast(pa.float64(), safe=False).fill_null(np.nan).to_numpy()
    return numbers


def _labels(use_case: UseCase, table: "pa.Table") -> Labels:
    return label_values(use_case.problem, table.column(LABEL))


def _groups(use_case: UseCase, table: "pa.Table") -> list[tuple[Any, ...]]:
    """Return the group that the rule puts each row into."""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = use_case.train.rule_by
    if not columns:
        hours = pc.hour(table.column(use_case.event_time).cast(pa.timestamp("us")))
        return [(hour,) for hour in hours.to_pylist()]
    for name in columns:
        if name not in table.column_names:
            raise ConfigError(
                f"{use_case.folder / 'use_case.yaml'}: 'train.rule_by' names {name!r}, which features.sql does not "
                f"select{nearest(name, table.column_names)}"
            )
        if kind_of(name, table.column(name).type) == "timestamp":
            raise ConfigError(
                f"{use_case.folder / 'use_case.yaml'}: 'train.rule_by' names {name!r}, which is a time; name a column "
                "of words or numbers."
            )
    return list(zip(*(table.column(name).to_pylist() for name in columns), strict=True))
