"""Each distance by hand, against scipy, and at its edges."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2_contingency, entropy, ks_2samp, wasserstein_distance

from driftgate.profiles import CategoricalColumn, profile_column
from driftgate.profiles.distances import (
    chi_square,
    distances,
    jensen_shannon,
    kl,
    kolmogorov_smirnov,
    psi,
    total_variation,
    unseen,
    wasserstein,
)
from driftgate.profiles.sketches import GROUPS, sketch_of


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


def test_kl_by_hand_and_its_smoothing() -> None:
    # 0.4 ln(0.4/0.5) + 0.6 ln(0.6/0.5) = -0.0892574205 + 0.1093929341
    assert kl([0.5, 0.5], [0.4, 0.6]) == pytest.approx(0.0201355136)
    # Floored, (0.5, 0.5, 0.0001) and (0.5, 0.0001, 0.5) sum to 1.0001 each: (0.4999 ln 5000) / 1.0001
    assert kl([0.5, 0.5, 0.0], [0.5, 0.0, 0.5]) == pytest.approx(0.4999 * np.log(5000) / 1.0001)


def test_psi_is_kl_both_ways() -> None:
    first, second = [0.2, 0.3, 0.5], [0.25, 0.5, 0.25]
    assert psi(first, second) == pytest.approx(kl(first, second) + kl(second, first))


def test_total_variation_by_hand() -> None:
    # (0.2 + 0.1 + 0.1) / 2
    assert total_variation([0.5, 0.3, 0.2], [0.3, 0.4, 0.3]) == pytest.approx(0.2)
    assert total_variation([1.0, 0.0], [0.0, 1.0]) == 1.0


def test_wasserstein_by_hand() -> None:
    # Two of four rows move by 1, one by 2: (1 + 1 + 2) / 4
    assert wasserstein(sketch_of(np.array([0.0, 1, 2, 3])), sketch_of(np.array([0.0, 2, 3, 5]))) == 1.0


def test_wasserstein_in_standard_deviations_of_the_reference_and_not_of_a_constant() -> None:
    found = distances(column([0.0, 2.0] * 50), column([3.0, 5.0] * 50))
    assert (found["wasserstein"], found["wasserstein_sd"]) == (3.0, 3.0)
    constant = distances(column([7.0] * 100), column([3.0] * 100))
    assert (constant["wasserstein"], "wasserstein_sd" in constant) == (4.0, False)


def test_the_way_between_the_largest_doubles_is_a_number() -> None:
    assert wasserstein(sketch_of(np.array([-1.7e308])), sketch_of(np.array([1.7e308]))) == pytest.approx(
        1.797e308, 0.01
    )


SHARES = arrays(np.int64, 6, elements=st.integers(1, 400)).map(lambda counts: counts / counts.sum())
VALUES = arrays(np.float64, st.integers(10, 80), elements=st.integers(-50, 50).map(lambda number: number / 8))


@given(first=SHARES, second=SHARES)
@settings(max_examples=100, deadline=None)
def test_measures_of_shares_agree_with_scipy(first: np.ndarray, second: np.ndarray) -> None:
    assert kl(first, second) == pytest.approx(entropy(second, first), abs=1e-9)
    assert jensen_shannon(first, second) ** 2 == pytest.approx(jensenshannon(first, second, base=2) ** 2, abs=1e-9)
    assert psi(first, second) == pytest.approx(entropy(second, first) + entropy(first, second), abs=1e-9)
    assert total_variation(first, second) == pytest.approx(np.abs(first - second).sum() / 2, abs=1e-9)


@given(first=VALUES, second=VALUES)
@settings(max_examples=100, deadline=None)
def test_measures_of_numbers_agree_with_scipy_while_sketches_are_exact(first: np.ndarray, second: np.ndarray) -> None:
    one, two = sketch_of(first), sketch_of(second)
    assert wasserstein(one, two) == pytest.approx(wasserstein_distance(first, second), abs=1e-9)
    assert kolmogorov_smirnov(one, two) == pytest.approx(ks_2samp(first, second, method="asymp").statistic, abs=1e-9)


@given(seed=st.integers(0, 10_000), shift=st.floats(0, 2), atom=st.floats(0, 0.6))
@settings(max_examples=25, deadline=None)
def test_wasserstein_of_large_samples_stays_within_the_sketches_error(seed: int, shift: float, atom: float) -> None:
    generator = np.random.default_rng(seed)
    first, second = generator.normal(size=5000), generator.standard_t(3, size=4000) + shift
    second[generator.random(4000) < atom] = 1.0
    bound = (np.ptp(first) + np.ptp(second)) / GROUPS
    assert wasserstein(sketch_of(first), sketch_of(second)) == pytest.approx(
        wasserstein_distance(first, second), abs=bound
    )


@given(
    first=arrays(np.int64, 5, elements=st.integers(30, 300)), second=arrays(np.int64, 5, elements=st.integers(30, 300))
)
@settings(max_examples=100, deadline=None)
def test_chi_square_agrees_with_scipy_where_no_cell_is_pooled(first: np.ndarray, second: np.ndarray) -> None:
    found, known = chi_square(first, second), chi2_contingency(np.array([first, second]), correction=False)
    assert found.statistic == pytest.approx(known.statistic, abs=1e-9)
    assert found.p_value == pytest.approx(known.pvalue, abs=1e-9)
    assert found.degrees == 4


def test_chi_square_by_hand() -> None:
    # Expected 40 and 60 of either hundred: (10² / 40 + 10² / 60) · 2 = 8.3333; V = sqrt(8.3333 / 200)
    found = chi_square([50, 50], [30, 70])
    assert (found.statistic, found.degrees) == (pytest.approx(25 / 3), 1)
    assert found.cramers_v == pytest.approx(0.2041241)
    assert found.p_value == pytest.approx(0.0038924, abs=1e-6)


def test_chi_square_pools_what_is_too_rare_for_its_p_value() -> None:
    # Of 10 rows against 90, two are expected of "c" and one of "d": pooled, with "b", for three are too few.
    assert chi_square([40, 30, 14, 6], [4, 3, 2, 1]) == chi_square([40, 50], [4, 6])
    assert chi_square([50, 30, 0, 5], [50, 30, 9, 5]).degrees == 2  # "c" and "d" together are enough for a cell


def test_a_thousand_times_the_rows_change_the_p_value_but_not_the_effect() -> None:
    small, large = chi_square([60, 40], [55, 45]), chi_square([60_000, 40_000], [55_000, 45_000])
    assert small.p_value > 0.4
    assert large.p_value < 1e-9
    assert small.cramers_v == pytest.approx(large.cramers_v)


@pytest.mark.parametrize(
    "counts", [([], []), ([5], [7]), ([0, 0], [3, 4]), ([100, 0], [80, 0])], ids=["none", "one", "no rows", "all equal"]
)
def test_where_nothing_can_differ_nothing_does(counts: tuple[list[int], list[int]]) -> None:
    found = chi_square(*counts)
    assert (found.statistic, found.p_value, found.cramers_v) == (0.0, 1.0, 0.0)


OF_SHARES = {"psi", "jensen_shannon", "kl", "total_variation", "missing"}


def test_what_numbers_get_and_what_words() -> None:
    numbers, words = column([1.0, 2.0]), column(["a"])
    assert set(distances(numbers, numbers)) == OF_SHARES | {"kolmogorov_smirnov", "wasserstein", "wasserstein_sd"}
    assert set(distances(words, words)) == OF_SHARES | {"unseen", "chi_square", "chi_square_p_value", "cramers_v"}


def test_missing_and_unseen_are_numbers_of_their_own() -> None:
    found = distances(column(["a"] * 60 + ["b"] * 40), column(["a"] * 50 + ["z"] * 30 + [None] * 20))
    assert (found["missing"], found["unseen"]) == (pytest.approx(0.2), pytest.approx(0.3))
    infinite = distances(column([1.0, 2.0] * 50), column([1.0] * 90 + [float("inf")] * 10))
    assert infinite["missing"] == pytest.approx(0.1)


def test_rare_words_that_the_reference_only_counts_are_not_called_unseen() -> None:
    words = CategoricalColumn(count=100, nulls=0, categories={"a": 80}, others=20)
    assert unseen(words, CategoricalColumn(count=100, nulls=0, categories={"a": 82, "rare": 18}, others=0)) == 0.0
    new = CategoricalColumn(count=100, nulls=0, categories={"a": 50, "new": 50}, others=0)
    assert unseen(words, new) == pytest.approx(0.3)


def test_a_hundred_thousand_categories_are_compared_by_the_few_that_are_named() -> None:
    names = [f"N{number}" for number in range(100_000)]
    found = distances(column(["N7"] * 500 + names), column(["N7"] * 900 + names[:50_000]))  # type: ignore[arg-type]
    assert found["unseen"] == 0.0
    assert 0 < found["cramers_v"] < 0.1


def test_a_night_without_rows_has_no_number_that_cannot_be_written() -> None:
    for reference in (column([1.0, 2.0]), column(["a", "b"])):
        night = profile_column(pa.chunked_array([pa.array([], pa.string())]))
        assert all(np.isfinite(value) for value in distances(reference, night).values())


def test_equal_columns_have_no_distance() -> None:
    numbers, words = column(list(np.random.default_rng(1).normal(size=500))), column(["a", "b", None])
    assert set(distances(numbers, numbers).values()) == {0.0}
    assert {name for name, value in distances(words, words).items() if value} == {"chi_square_p_value"}


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
