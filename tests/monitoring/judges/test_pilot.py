"""The pilot: it learns what the champion does not know, nothing where there is nothing, and forgets."""

import numpy as np
import pyarrow as pa
import pytest

from driftgate.evaluation.metrics import Floats, Labels, auc
from driftgate.monitoring.judges.pilot import Cells, Pilot, log_odds, probability
from driftgate.profiles import profile_table

ROWS = 400


def night(random: np.random.Generator, effect: float) -> tuple[pa.Table, Floats, Labels]:
    """Return requests, what a champion says of them, and outcomes that an airport moves by so much."""
    airports = random.choice(["EWR", "JFK", "LGA"], ROWS)
    hours = random.uniform(5, 23, ROWS)
    odds = (hours - 14) / 6
    labels = random.random(ROWS) < probability(odds + effect * (airports == "EWR"))
    return pa.table({"origin": airports, "hour": hours}), probability(odds), labels


def taught(nights: int, effect: float, *, seed: int = 1, half_life: float = 30) -> tuple[Cells, Pilot, list[float]]:
    """Return the pilot after so many nights, and its gains of AUC before it learnt each."""
    random = np.random.default_rng(seed)
    cells = Cells(profile_table(night(random, 0)[0]))
    pilot, gains = Pilot.untaught(cells.count), []
    for _ in range(nights):
        features, scores, labels = night(random, effect)
        places, base = cells.places(features), log_odds(scores)
        gains.append(auc(labels, probability(pilot.answers(places, base))) - auc(labels, scores))
        pilot = pilot.after(places, base, labels, binary=True, half_life=half_life)
    return cells, pilot, gains


def test_an_untaught_pilot_answers_as_the_champion() -> None:
    features, scores, _ = night(np.random.default_rng(3), 0)
    cells = Cells(profile_table(features))
    told = Pilot.untaught(cells.count).answers(cells.places(features), log_odds(scores))
    assert probability(told) == pytest.approx(scores)


def test_it_learns_within_a_week_what_the_champion_does_not_know() -> None:
    _, _, gains = taught(14, 2.0)
    assert gains[0] == 0 and np.mean(gains[7:]) > 0.05


def test_where_the_champion_is_right_learning_costs_a_little() -> None:
    gains = np.concatenate([taught(20, 0.0, seed=seed)[2] for seed in range(4)])
    assert -0.005 < gains.mean() < 0


def test_what_was_learnt_fades_with_its_half_life() -> None:
    cells, pilot, _ = taught(14, 2.0)
    place = cells.places(pa.table({"origin": ["EWR"], "hour": [14.0]}))[0, 1]
    nothing = np.empty((0, 3), dtype=np.int64)
    later = pilot
    for _ in range(60):
        later = later.after(nothing, np.array([]), np.array([]), binary=True, half_life=10)
    assert abs(later.weights[place]) < 0.1 * abs(pilot.weights[place])
    assert pilot.variances[place] < later.variances[place] <= 0.05**2


def test_missing_and_unseen_values_have_cells_of_their_own() -> None:
    cells = Cells(profile_table(pa.table({"origin": ["EWR", "JFK", None], "hour": [1.0, 2.0, None]})))
    rows = pa.table({"origin": ["EWR", "JFK", "SFO", None], "hour": [0.0, 1.5, 9.0, None]})
    places = cells.places(rows)
    assert all(len(set(column)) == 4 for column in places[:, 1:2].T)
    assert len(set(places[:, 0])) == 4 and set(places[:, 2]) == {cells.count - 1}
    assert places.max() == cells.count - 1


def test_a_feature_without_a_value_and_a_constant_one_are_no_obstacle() -> None:
    table = pa.table({"empty": pa.array([None, None], pa.float64()), "same": [1.0, 1.0]})
    assert Cells(profile_table(table)).places(table).shape == (2, 3)


def test_a_hundred_thousand_words_share_a_cell() -> None:
    words = pa.table({"tail": [f"N{n}" for n in range(100_000)]})
    cells = Cells(profile_table(words))
    assert cells.count == 3  # others, missing, the constant


def test_a_regression_is_corrected_in_its_unit() -> None:
    random = np.random.default_rng(2)
    features = pa.table({"origin": random.choice(["EWR", "JFK"], ROWS)})
    cells = Cells(profile_table(features))
    places, late = cells.places(features), np.where(np.array(features["origin"]) == "EWR", 1.0, 0.0)
    pilot = Pilot.untaught(cells.count)
    for _ in range(20):
        labels = late + random.normal(0, 1, ROWS)
        pilot = pilot.after(places, np.zeros(ROWS), labels, binary=False, half_life=30)
    told = pilot.answers(places, np.zeros(ROWS))
    assert told[late == 1].mean() == pytest.approx(1, abs=0.15) and told[late == 0].mean() == pytest.approx(0, abs=0.15)


def test_the_same_nights_give_the_same_bytes() -> None:
    one, other = (taught(5, 1.0)[1] for _ in range(2))
    assert one.weights.tolist() == other.weights.tolist() and one.variances.tolist() == other.variances.tolist()
