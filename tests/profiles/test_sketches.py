"""The numeric sketch: exact while small, bounded and close when large, the same bytes for the same rows."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from driftgate.profiles.sketches import GROUPS, POINTS, Sketch, merge_sketches, sketch_of


def test_a_small_column_is_kept_exactly() -> None:
    sketch = sketch_of(np.array([3.0, 1.0, 3.0, 2.0]))
    assert sketch == Sketch(values=(1.0, 2.0, 3.0), weights=(1, 1, 2))
    assert sketch.share_up_to([0.5, 1.0, 2.5, 3.0]).tolist() == [0.0, 0.25, 0.5, 1.0]
    assert sketch.quantiles([0.25, 0.5, 0.75]) == [1.0, 2.0, 3.0]


def test_an_empty_column_has_no_rows_and_no_share() -> None:
    sketch = sketch_of(np.array([]))
    assert sketch.rows == 0
    assert sketch.share_up_to([1.0]).tolist() == [0.0]


@pytest.mark.parametrize("distribution", ["normal", "lognormal", "with_atom"])
def test_a_large_column_is_bounded_and_its_shares_are_close(distribution: str) -> None:
    generator = np.random.default_rng(3)
    values = {
        "normal": generator.normal(size=50_000),
        "lognormal": generator.lognormal(sigma=2, size=50_000),
        "with_atom": np.where(generator.random(50_000) < 0.9, 0.0, generator.normal(size=50_000)),
    }[distribution]
    sketch = sketch_of(values)
    assert len(sketch.values) <= POINTS
    assert sketch.rows == 50_000
    limits = np.quantile(values, np.linspace(0, 1, 101))
    exact = np.array([(values <= limit).mean() for limit in limits])
    assert np.abs(sketch.share_up_to(limits) - exact).max() <= 1 / GROUPS


def test_merging_ninety_days_is_as_close_as_two_joinings_allow() -> None:
    generator = np.random.default_rng(5)
    days = [generator.normal(loc=day / 30, size=900) for day in range(90)]
    merged, together = merge_sketches(sketch_of(day) for day in days), np.concatenate(days)
    limits = np.quantile(together, np.linspace(0, 1, 101))
    exact = np.array([(together <= limit).mean() for limit in limits])
    assert merged.rows == 90 * 900
    assert np.abs(merged.share_up_to(limits) - exact).max() <= 2 / GROUPS


def test_merging_does_not_depend_on_the_order() -> None:
    generator = np.random.default_rng(5)
    parts = [sketch_of(generator.normal(size=2000)) for _ in range(4)]
    assert merge_sketches(parts).hash == merge_sketches(reversed(parts)).hash


def worst(sketch: Sketch, values: np.ndarray) -> float:
    """Return the largest error of a cumulative share at any value and beside it."""
    places = np.unique(values)
    limits = np.concatenate([places, np.nextafter(places, -np.inf)])
    exact = np.searchsorted(np.sort(values), limits, side="right") / len(values)
    return float(np.abs(sketch.share_up_to(limits) - exact).max())


FINITE = st.floats(-1e9, 1e9, allow_subnormal=False)


@given(arrays(np.float64, st.integers(1, 300), elements=FINITE))
@settings(max_examples=100, deadline=None)
def test_any_small_column_is_kept_exactly(values: np.ndarray) -> None:
    assert worst(sketch_of(values), values) == 0.0


@given(
    seed=st.integers(0, 10_000),
    rows=st.integers(2000, 6000),
    atoms=st.lists(st.tuples(st.floats(-3, 3), st.floats(0, 0.5)), max_size=4),
    parts=st.integers(1, 5),
)
@example(seed=0, rows=2000, atoms=[(0.0, 0.00390625), (1.0, 0.5)], parts=1)  # a light value astride two groups
@settings(max_examples=40, deadline=None)
def test_any_large_column_is_within_its_error_also_beside_heavy_values_and_merged(
    seed: int, rows: int, atoms: list[tuple[float, float]], parts: int
) -> None:
    generator = np.random.default_rng(seed)
    values = generator.normal(size=rows)
    for value, share in atoms:
        values = np.where(generator.random(rows) < share, value, values)
    assert worst(sketch_of(values), values) <= 1 / GROUPS + 1e-12
    merged = merge_sketches(sketch_of(part) for part in np.array_split(values, parts))
    assert worst(merged, values) <= 2 / GROUPS + 1e-12
