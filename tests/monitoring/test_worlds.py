"""Simulated worlds: the same seed gives the same rows, and each shift moves what it says and nothing else."""

import numpy as np
import pytest

from driftgate.monitoring.worlds import BASE_RATE, Shift, ShiftKind, World, worlds

BIG = World(7, rows=20_000)
SIZES: dict[ShiftKind, float] = {
    "mean": 0.5,
    "variance": 2.0,
    "category": 0.2,
    "region": 1.0,
    "label": 0.2,
    "concept": 0.3,
    "relation": 0.3,
}


def test_equal_worlds_give_equal_rows() -> None:
    for name, world in worlds(3).items():
        again = worlds(3)[name]
        assert world.table(5).equals(again.table(5)), name
        assert not world.table(5).equals(world.table(6)), name


def test_before_its_first_day_a_shift_changes_nothing() -> None:
    assert BIG.table(9, Shift("mean", 1.0, first=10)).equals(BIG.table(9))


def moved(kind: ShiftKind) -> set[str]:
    before, after = BIG.day(0), BIG.day(0, Shift(kind, SIZES[kind]))
    return {name for name in before if not np.array_equal(before[name], after[name])}


@pytest.mark.parametrize(
    ("kind", "columns"),
    [
        ("mean", {"x0"}),
        ("variance", {"x0"}),
        ("category", {"c0"}),
        ("region", {"x0"}),
        ("label", {"x0", "x1", "x2", "x3", "label"}),
        ("concept", {"label"}),
        ("relation", {"label"}),
    ],
)
def test_a_shift_moves_its_columns_alone(kind: ShiftKind, columns: set[str]) -> None:
    assert moved(kind) == columns


def test_shifts_have_the_size_they_say() -> None:
    plain = BIG.day(0)
    assert np.mean(BIG.day(0, Shift("mean", 0.5))["x0"] - plain["x0"]) == pytest.approx(0.5)
    rest = plain["x0"] - 0.5 * plain["label"]
    twice = BIG.day(0, Shift("variance", 2.0))["x0"] - 0.5 * plain["label"]
    assert np.var(twice) / np.var(rest) == pytest.approx(2.0)
    rare = np.mean(BIG.day(0, Shift("category", 0.2))["c0"] == "c7") - np.mean(plain["c0"] == "c7")
    assert rare == pytest.approx(0.2, abs=0.02)
    elsewhere = plain["region"] != "r1"
    assert np.array_equal(BIG.day(0, Shift("region", 1.0))["x0"][elsewhere], plain["x0"][elsewhere])
    assert np.mean(BIG.day(0, Shift("label", 0.2))["label"]) == pytest.approx(BASE_RATE + 0.2, abs=0.02)
    turned = BIG.day(0, Shift("relation", 0.3))["label"] != plain["label"]
    assert not turned[elsewhere].any() and turned[~elsewhere].mean() == pytest.approx(0.3, abs=0.02)


def test_days_remember_the_day_before_and_the_season_returns() -> None:
    levels = World(1, level=1.0, memory=0.7, horizon=20_000).levels[:, 0]
    assert np.corrcoef(levels[1:], levels[:-1])[0, 1] == pytest.approx(0.7, abs=0.03)
    assert np.std(levels) == pytest.approx(1.0, abs=0.05)
    season = World(1, season=1.0).levels
    assert np.allclose(season[:100], season[731:831], atol=0.02)  # two years and half a day later
    assert np.ptp(season[:366, 0]) == pytest.approx(2.0, abs=0.01)
