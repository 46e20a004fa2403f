"""What one feature alone says about the label: a copy of it is found in any disguise, an honest one is not accused."""

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import rankdata

from driftgate.evaluation.leakage import single_feature_auc, single_feature_r2
from driftgate.evaluation.metrics import auc

ROWS = 4000
RANDOM = np.random.default_rng(11)
LABELS = RANDOM.random(ROWS) < 0.2
NOISE = RANDOM.normal(size=ROWS)


def column(values: object, missing: object = None) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, mask=missing)])


@pytest.mark.parametrize(
    "leak",
    [
        column(LABELS.astype(float)),
        column(-LABELS.astype(int)),
        column(np.where(LABELS, 15.5, 3) + NOISE),
        column(NOISE, LABELS),
        column(NOISE, ~LABELS),
        column(np.where(LABELS, "late", "on time")),
        column(np.array(["a", "b", "c", "d"])[2 * (RANDOM.random(ROWS) < 0.5) + LABELS]),
        column(np.full(ROWS, "late"), ~LABELS),
        column(np.where(LABELS, 5, np.where(NOISE > 0, 1, 9))),
    ],
    ids=[
        "a copy",
        "the opposite",
        "the delay itself",
        "missing exactly when true",
        "missing exactly when false",
        "a word for it",
        "two words for each answer",
        "one word, or missing",
        "a code in the middle of others",
    ],
)
def test_a_feature_that_has_seen_the_answer_reaches_almost_one(leak: pa.ChunkedArray) -> None:
    assert single_feature_auc(leak, LABELS) > 0.98


@pytest.mark.parametrize(
    ("feature", "low", "high"),
    [
        (column(NOISE), 0.5, 0.55),
        (column(NOISE + 1.2 * LABELS), 0.77, 0.83),
        (column(-(NOISE + 1.2 * LABELS)), 0.77, 0.83),
        (column([f"N{row}" for row in range(ROWS)]), 0.5, 0.5),
        (column(np.arange(ROWS)), 0.5, 0.55),
        (column(np.full(ROWS, "only")), 0.5, 0.52),
        (column(NOISE, RANDOM.random(ROWS) < 0.3), 0.5, 0.55),
    ],
    ids=[
        "noise",
        "a strong and honest feature",
        "the same turned round",
        "a name that occurs once",
        "a running number",
        "a constant",
        "noise, often missing",
    ],
)
def test_an_honest_feature_is_not_accused(feature: pa.ChunkedArray, low: float, high: float) -> None:
    assert low <= single_feature_auc(feature, LABELS) <= high


def test_a_number_without_ties_has_the_auc_of_its_rank() -> None:
    scores = 1 / (1 + np.exp(-(NOISE + LABELS)))
    assert single_feature_auc(column(scores), LABELS) == pytest.approx(auc(LABELS, scores))


@pytest.mark.parametrize("end", [-np.inf, np.inf], ids=["missing is least", "missing is most"])
def test_ties_count_half_and_what_is_missing_is_at_an_end(end: float) -> None:
    missing = np.where(end > 0, LABELS, ~LABELS) & (np.arange(ROWS) % 4 == 0)
    numbers = np.round(NOISE + LABELS, 3)  # too many for codes, and one in three of them is there more than once
    ranks = rankdata(np.where(missing, end, numbers))
    wins = ranks[LABELS].sum() - LABELS.sum() * (LABELS.sum() + 1) / 2
    assert single_feature_auc(column(numbers, missing), LABELS) == wins / LABELS.sum() / (~LABELS).sum()


MINUTES = RANDOM.gamma(2.0, 30.0, ROWS)


@pytest.mark.parametrize(
    "leak",
    [
        column(MINUTES),
        column(-MINUTES.round()),
        column(np.exp(MINUTES / 50)),
        column(np.where(np.arange(ROWS) % 50 == 0, np.nan, MINUTES)),
        column([f"about {5 * int(minutes / 5)} min" for minutes in MINUTES]),
    ],
    ids=["a copy", "the opposite", "a function of it", "a copy with holes", "a word for it"],
)
def test_a_feature_that_has_seen_the_number_explains_most_of_it(leak: pa.ChunkedArray) -> None:
    assert single_feature_r2(leak, MINUTES) > 0.8


@pytest.mark.parametrize(
    ("feature", "low", "high"),
    [
        (column(NOISE), 0.0, 0.01),
        (column(MINUTES + MINUTES.std() * NOISE), 0.45, 0.6),
        (column([f"N{row}" for row in range(ROWS)]), 0.0, 0.001),
        (column(np.full(ROWS, 1.0)), 0.0, 0.001),
        (column(np.full(ROWS, np.nan)), 0.0, 0.001),
        (column(np.where(MINUTES > 60, "long", "short")), 0.4, 0.7),
    ],
    ids=["noise", "half of it is noise", "a name for every row", "one value", "nothing known", "a word for half of it"],
)
def test_an_honest_feature_explains_what_it_can_of_a_number(feature: pa.ChunkedArray, low: float, high: float) -> None:
    assert low <= single_feature_r2(feature, MINUTES) <= high
