"""The numeric sketch: exact while small, bounded and close when large, the same bytes for the same rows."""

import numpy as np
import pytest

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
