"""A model scores tables and JSON rows alike, from any thread, and refuses a text that is not its own."""

import os
from collections.abc import Callable
from typing import Any

import lightgbm
import numpy as np
import pyarrow as pa
import pytest

from driftgate.errors import Tampered
from driftgate.models import Preprocessing, Scorer
from driftgate.models.lightgbm_scorer import LightgbmScorer


def test_a_table_all_rows_and_single_rows_get_the_same_bits(
    scorer: Scorer, table: pa.Table, rows: list[dict[str, Any]]
) -> None:
    scores = scorer.score_table(table)
    assert scores.shape == (600,)
    assert 0 < scores.min() < scores.max() < 1
    assert scores.tobytes() == scorer.score_rows(rows).tobytes()
    assert scores.tobytes() == np.concatenate([scorer.score_rows([row]) for row in rows]).tobytes()


def test_many_threads_may_score_at_once(
    scorer: Scorer, table: pa.Table, wrong_in_threads: Callable[..., list[int]]
) -> None:
    assert wrong_in_threads(scorer, scorer.score_table(table), np.array_equal) == []


def test_bytes_and_text_are_the_same_model(model_text: str, preprocessing: Preprocessing, table: pa.Table) -> None:
    from_bytes = LightgbmScorer.load(model_text.encode(), preprocessing)
    np.testing.assert_array_equal(
        from_bytes.score_table(table), LightgbmScorer.load(model_text, preprocessing).score_table(table)
    )


@pytest.mark.parametrize("length", [0, 3, 500, 5000])
def test_a_cut_model_is_refused_before_lightgbm_reads_it(
    model_text: str, preprocessing: Preprocessing, length: int
) -> None:
    with pytest.raises(Tampered, match="not a whole LightGBM model"):
        LightgbmScorer.load(model_text[:length], preprocessing)


def test_a_model_of_other_features_is_refused(model_text: str, preprocessing: Preprocessing) -> None:
    other = Preprocessing(features=preprocessing.features[1:])
    with pytest.raises(Tampered, match="name different features; take both from one job"):
        LightgbmScorer.load(model_text, other)


def test_what_the_features_add_sums_up_to_the_raw_score(scorer: Scorer, table: pa.Table) -> None:
    matrix = scorer.preprocessing.encode_table(table)
    found = scorer.contributions(matrix)
    assert found is not None
    assert found.values.shape == (600, 6)
    np.testing.assert_allclose(found.values.sum(axis=1) + found.base, found.raw, atol=1e-9)
    np.testing.assert_allclose(1 / (1 + np.exp(-found.raw)), scorer.score_matrix(matrix), atol=1e-12)


def test_a_single_row_of_a_forked_process_and_of_every_thread_gets_the_same_bits(
    scorer: Scorer, table: pa.Table, rows: list[dict[str, Any]], wrong_in_threads: Callable[..., list[int]]
) -> None:
    class OneByOne:
        def score_rows(self, some: list[dict[str, Any]]) -> Any:
            return np.concatenate([scorer.score_rows([row]) for row in some])

    scores = scorer.score_table(table)
    assert wrong_in_threads(OneByOne(), scores, np.array_equal) == []
    child = os.fork()
    if not child:
        os._exit(int(scorer.score_rows(rows[:1]).tobytes() != scores[:1].tobytes()))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_matrix_of_one_row_however_it_lies_in_memory_gets_the_same_bits(scorer: Scorer, table: pa.Table) -> None:
    matrix = scorer.preprocessing.encode_table(table)
    expected = scorer.score_matrix(matrix)
    for layout in (np.asfortranarray(matrix), matrix[::-1][::-1]):
        found = [scorer.score_matrix(layout[place : place + 1])[0] for place in range(50)]
        assert np.array_equal(found, expected[:50])
    with pytest.raises(lightgbm.basic.LightGBMError, match="number of features"):
        scorer.score_matrix(matrix[:1, :-1])
