"""Gains are read from the model's text; what brings nothing is proposed for removal."""

import lightgbm
import numpy as np
import pytest

from driftgate.catalog.entries import FeatureEntry
from driftgate.catalog.importance import gain_percent


@pytest.fixture(scope="module")
def booster():
    random = np.random.default_rng(3)
    rows = random.normal(size=(800, 3))
    label = rows[:, 0] + 0.5 * rows[:, 1] > 0
    return lightgbm.train(
        {"objective": "binary", "num_leaves": 4, "verbose": -1, "num_threads": 1, "deterministic": True},
        lightgbm.Dataset(rows, label, feature_name=["strong", "weak", "noise"]),
        num_boost_round=10,
    )


def test_the_shares_are_those_of_lightgbm(booster):
    gains = booster.feature_importance("gain")
    expected = dict(zip(booster.feature_name(), 100 * gains / gains.sum(), strict=True))
    assert gain_percent(booster.model_to_string()) == pytest.approx(expected, abs=0.01)


def test_a_model_without_a_split_gives_nothing():
    assert gain_percent("feature_names=a b\n") == {"a": 0.0, "b": 0.0}


@pytest.mark.parametrize(
    ("shares", "unused"), [((0.0, 0.05, 0.0), True), ((0.0, 0.0), False), ((0.0, 0.0, 2.0), False), ((), False)]
)
def test_three_versions_must_agree_that_a_feature_brings_nothing(shares, unused):
    entry = FeatureEntry(
        name="fares/a",
        use_case="fares",
        owner="taxis",
        type="double",
        unit=None,
        description=None,
        role="feature",
        expression="rides.a",
        fingerprint="f",
        columns=("rides.a",),
        known="prediction",
        online=False,
        sensitivity="public",
        fresh_until=None,
        statistics=None,
        models=(),
        gain_percent=shares,
    )
    assert entry.unused is unused
