"""Each distance by hand, against scipy, and at its edges."""

import numpy as np
import pyarrow as pa
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import ks_2samp

from driftgate.profiles import profile_column
from driftgate.profiles.distances import distances, jensen_shannon, kolmogorov_smirnov, psi
from driftgate.profiles.sketches import sketch_of


def column(values: list[object]) -> object:
    return profile_column(pa.chunked_array([pa.array(values)]))


def test_psi_by_hand() -> None:
    # (0.4-0.5) ln(0.4/0.5) + (0.6-0.5) ln(0.6/0.5) = 0.0223143551 + 0.0182321557
    assert psi([0.5, 0.5], [0.4, 0.6]) == pytest.approx(0.0405465108)


def test_psi_of_an_empty_bin_is_large_but_finite() -> None:
    # (0.0001-0.5) ln(0.0001/0.5) + (1-0.5) ln(1/0.5)
    assert psi([0.5, 0.5], [0.0, 1.0]) == pytest.approx(0.4999 * np.log(5000) + 0.5 * np.log(2))


def test_jensen_shannon_by_hand_and_its_range() -> None:
    # Halves against (1, 0): m = (0.75, 0.25); ½ [½ log2(2/3) + ½ log2 2] + ½ log2(4/3) = 0.311278
    assert jensen_shannon([0.5, 0.5], [1.0, 0.0]) == pytest.approx(np.sqrt(0.3112781245))
    assert jensen_shannon([1.0, 0.0], [0.0, 1.0]) == 1.0
    assert jensen_shannon([0.3, 0.7], [0.3, 0.7]) == 0.0


@pytest.mark.parametrize("seed", range(5))
def test_jensen_shannon_agrees_with_scipy(seed: int) -> None:
    first, second = np.random.default_rng(seed).dirichlet(np.ones(8), size=2)
    assert jensen_shannon(first, second) == pytest.approx(jensenshannon(first, second, base=2))


def test_kolmogorov_smirnov_by_hand() -> None:
    assert kolmogorov_smirnov(sketch_of(np.array([1.0, 2, 3, 4])), sketch_of(np.array([3.0, 4, 5, 6]))) == 0.5


@pytest.mark.parametrize("seed", range(5))
def test_kolmogorov_smirnov_agrees_with_scipy(seed: int) -> None:
    generator = np.random.default_rng(seed)
    first, second = generator.normal(size=400), generator.normal(0.2, 1.1, size=300).round(1)
    assert kolmogorov_smirnov(sketch_of(first), sketch_of(second)) == pytest.approx(ks_2samp(first, second).statistic)


def test_kolmogorov_smirnov_of_large_samples_stays_within_the_sketches_error() -> None:
    generator = np.random.default_rng(1)
    first, second = generator.normal(size=30_000), generator.normal(0.1, 1, size=30_000)
    found = kolmogorov_smirnov(sketch_of(first), sketch_of(second))
    assert found == pytest.approx(ks_2samp(first, second).statistic, abs=2 / 512)


def test_numbers_get_three_distances_and_words_two() -> None:
    assert set(distances(column([1.0, 2.0]), column([1.0, 2.0]))) == {"psi", "jensen_shannon", "kolmogorov_smirnov"}
    assert set(distances(column(["a"]), column(["a"]))) == {"psi", "jensen_shannon"}


def test_equal_columns_have_no_distance() -> None:
    numbers = column(list(np.random.default_rng(1).normal(size=500)))
    assert set(distances(numbers, numbers).values()) == {0.0}


def test_an_unseen_category_counts_as_one_bin_of_others() -> None:
    found = distances(column(["a"] * 50 + ["b"] * 50), column(["a"] * 50 + ["z"] * 50))
    assert found["psi"] == pytest.approx(psi([0.5, 0.5, 0.0], [0.5, 0.0, 0.5]))


def test_missing_values_are_a_bin_of_their_own() -> None:
    found = distances(column([1.0] * 100), column([1.0] * 80 + [None] * 20))
    assert found["psi"] == pytest.approx(psi([1.0, 0.0], [0.8, 0.2]))
    assert found["kolmogorov_smirnov"] == 0.0


def test_a_night_with_only_missing_values_is_far_by_bins_and_has_no_kolmogorov_smirnov() -> None:
    found = distances(
        column([float(n) for n in range(100)]), profile_column(pa.chunked_array([pa.nulls(9, pa.float64())]))
    )
    assert "kolmogorov_smirnov" not in found
    assert found["jensen_shannon"] == pytest.approx(1.0)


def test_a_constant_feature_that_moves_is_seen() -> None:
    found = distances(column([7.0] * 100), column([3.0] * 100))
    assert found["kolmogorov_smirnov"] == 1.0


def test_a_column_that_changed_its_kind_is_as_far_as_can_be() -> None:
    numbers, words = column([float(n) for n in range(100)]), column(["a", "b"])
    assert distances(numbers, words)["jensen_shannon"] == pytest.approx(1.0)
    assert distances(words, numbers)["jensen_shannon"] == pytest.approx(1.0)
