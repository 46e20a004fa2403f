"""Learning from a share of the rows: the same share each time, like the whole, or refused."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from driftgate.compute import JobSpec
from driftgate.errors import ConfigError
from driftgate.training.rows import Part, TrainingRows, split_rows
from driftgate.training.sample import draw, require_representative, sampled
from driftgate.training.train import train


@pytest.fixture
def spec(make_spec: Callable[..., JobSpec]) -> JobSpec:
    return make_spec().model_copy(update={"row_share": 0.5})


@pytest.fixture
def whole(spec: JobSpec, rows: pa.Table) -> TrainingRows:
    return split_rows(spec, rows)


def test_a_share_is_of_each_class_and_validation_rows_stay_whole(spec: JobSpec, whole: TrainingRows) -> None:
    part = sampled(spec, whole)
    assert len(part.train.labels) == pytest.approx(450, abs=1)
    assert part.train.labels.sum() == round(whole.train.labels.sum() / 2)
    assert part.train.table.num_rows == len(part.train.labels)
    assert part.validation is whole.validation
    again = sampled(spec, whole)
    assert again.train.table.equals(part.train.table)
    other = sampled(spec.model_copy(update={"seed": 99}), whole)
    assert not other.train.table.equals(part.train.table)


def test_rows_and_labels_stay_together_and_in_their_order(spec: JobSpec, whole: TrainingRows) -> None:
    part = sampled(spec, whole)
    flights = part.train.table.column("flight").to_numpy()
    assert (np.diff(flights) > 0).all()
    assert (whole.train.labels[flights] == part.train.labels).all()  # flight is the row's place


def test_a_share_of_numbers_is_of_each_tenth() -> None:
    labels = np.random.default_rng(3).exponential(10, 1000)
    chosen = draw(labels, 0.2, seed=1)
    assert np.quantile(labels[chosen], [0.1, 0.5, 0.9]) == pytest.approx(np.quantile(labels, [0.1, 0.5, 0.9]), rel=0.1)
    assert len(chosen) == pytest.approx(200, abs=2)


@pytest.mark.parametrize(
    ("mask", "sentence"),
    [
        (lambda table, late: table.column("departure_hour").to_numpy() < 12, "'departure_hour' has a PSI of"),
        (lambda table, late: np.array(table.column("carrier").to_pylist()) != "AA", "'carrier' has a PSI of"),
        (lambda table, late: ~np.isnan(table.column("visibility_miles").to_numpy()), "'visibility_miles' has a PSI"),
        (lambda table, late: late | (np.arange(900) % 4 > 0), "its share of true labels is 0.0.. away"),
    ],
    ids=["mornings only", "without a carrier", "without missing values", "too many that are late"],
)
def test_a_biased_sample_is_refused(
    spec: JobSpec, whole: TrainingRows, mask: Callable[[pa.Table, np.ndarray], np.ndarray], sentence: str
) -> None:
    chosen = mask(whole.train.table, whole.train.labels)
    part = Part(whole.train.table.filter(chosen), whole.train.labels[chosen])
    with pytest.raises(ConfigError, match=f"a share of 0.5 of the training rows is unlike all of them: .*{sentence}"):
        require_representative(spec, whole, part)


def test_a_share_too_small_to_be_like_the_whole_is_refused(spec: JobSpec, whole: TrainingRows) -> None:
    with pytest.raises(ConfigError, match=r"is unlike all of them: .* raise 'train\.row_share' of flight_delays"):
        sampled(spec.model_copy(update={"row_share": 0.02}), whole)


def test_a_model_is_learnt_from_the_share(spec: JobSpec, rows: pa.Table) -> None:
    assert train(spec, rows).metrics["train_rows"] == pytest.approx(450, abs=1)
