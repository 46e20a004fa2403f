"""A package keeps a bounded sample of its training rows: features alone, encoded, from the whole of training."""

from datetime import datetime

import numpy as np
import pyarrow as pa
import pytest

from driftgate.errors import Tampered
from driftgate.evaluation.reference_sample import ROWS, read_reference_sample, reference_sample
from driftgate.models import Preprocessing

COUNT = 3 * ROWS
TABLE = pa.table(
    {
        "place": np.arange(COUNT) * 1.0,
        "word": ["ab"[n % 2] for n in range(COUNT)],
        "passenger": [f"P{n}" for n in range(COUNT)],
        "event_time": [datetime(2013, 1, 1)] * COUNT,
        "label": [True] * COUNT,
    }
)
PREPROCESSING = Preprocessing.fit(TABLE, ["place", "word"])


def test_it_holds_features_alone_from_first_to_last_row() -> None:
    data = reference_sample(PREPROCESSING, TABLE)
    found = read_reference_sample(data, PREPROCESSING, "package")
    assert found.shape == (ROWS, 2)
    assert (found[0, 0], found[-1, 0]) == (0.0, COUNT - 1.0)
    assert set(found[:, 1]) == {0.0, 1.0}
    assert len(data) < 100_000
    assert not [word for word in (b"passenger", b"P17", b"label", b"event_time") if word in data]


def test_few_rows_are_all_kept_and_equal_rows_give_equal_bytes() -> None:
    few = TABLE.slice(0, 5)
    assert len(read_reference_sample(reference_sample(PREPROCESSING, few), PREPROCESSING, "package")) == 5
    assert reference_sample(PREPROCESSING, few) == reference_sample(PREPROCESSING, few)


def test_a_file_that_is_none_or_of_another_model_is_refused() -> None:
    with pytest.raises(Tampered, match=r"^package is no Parquet file of training rows; register the model again\.$"):
        read_reference_sample(b"PAR", PREPROCESSING, "package")
    other = Preprocessing.fit(TABLE, ["word"])
    with pytest.raises(Tampered, match=r"^package has no rows of the features in preprocessing\.json"):
        read_reference_sample(reference_sample(PREPROCESSING, TABLE), other, "package")
