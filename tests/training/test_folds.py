"""Cross-validation over time: later days judge, the spread is measured, and what cannot be cut is a sentence."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

from driftgate.compute import JobSpec
from driftgate.errors import ConfigError
from driftgate.training import training_spec
from driftgate.training.folds import time_folds
from driftgate.training.rows import split_rows
from driftgate.training.train import train
from driftgate.training_policy import CrossValidation
from driftgate.use_cases import UseCase

MakeSpec = Callable[..., JobSpec]


def days(table: pa.Table) -> np.ndarray:
    return table.column("scheduled_departure").to_numpy().astype("datetime64[D]")


def test_every_fold_is_judged_on_later_days_and_the_next_one_knows_them(make_spec: MakeSpec, rows: pa.Table) -> None:
    spec = make_spec().model_copy(update={"folds": 4})
    whole = split_rows(spec, rows)
    folds = list(time_folds(spec, whole))
    assert [fold.number for fold in folds] == [1, 2, 3, 4]
    for fold, following in pairwise(folds):
        assert days(fold.rows.train.table).max() < days(fold.rows.validation.table).min()
        assert days(following.rows.train.table).max() == days(fold.rows.validation.table).max()
    assert days(folds[-1].rows.validation.table).max() == days(whole.train.table).max()
    judged = sum(len(fold.rows.validation.labels) for fold in folds)
    assert judged + len(folds[0].rows.train.labels) == len(whole.train.labels)
    assert (folds[0].first_day, folds[0].last_day) == ("2013-03-15", "2013-03-17")


def test_mean_and_spread_are_measured_beside_the_same_model(make_spec: MakeSpec, rows: pa.Table) -> None:
    plain = train(make_spec(), rows)
    crossed = train(make_spec().model_copy(update={"folds": 3}), rows)
    assert crossed.artefacts == plain.artefacts
    added = {name: value for name, value in crossed.metrics.items() if name not in plain.metrics}
    assert sorted(added) == ["cv_auc_mean", "cv_auc_std", "cv_folds"]
    assert 0.5 < added["cv_auc_mean"] < 0.9
    assert 0 < added["cv_auc_std"] < 0.2


@pytest.mark.parametrize(
    ("folds", "late", "sentence"),
    [
        (15, None, r"has training rows of 15 days, too few for 15 folds; lower 'train\.cross_validation\.folds'"),
        (
            4,
            np.arange(1200) > 700,
            "Fold 1 of 4, judged on 2013-03-15 to 2013-03-17: its rows have labels of one class",
        ),
    ],
)
def test_what_cannot_be_cut_is_refused(
    make_spec: MakeSpec,
    rows: pa.Table,
    with_column: Callable[..., pa.Table],
    folds: int,
    late: np.ndarray | None,
    sentence: str,
) -> None:
    spec = make_spec().model_copy(update={"folds": folds})
    if late is not None:
        late = late & (np.arange(1200) % 3 == 0)
        rows = with_column(rows, "label", late)
    with pytest.raises(ConfigError, match=sentence):
        train(spec, rows)


def test_the_use_case_says_how_many_folds(shaped: Callable[..., UseCase]) -> None:
    use_case = shaped(cross_validation=CrossValidation(folds=5, max_spread=0.03))
    assert training_spec(use_case, "flight_delays/2013-03-31-3f9c2a1", "job-1").folds == 5
