"""What brings nothing to three models in a row is proposed for removal."""

import pytest

from driftgate.catalog.entries import FeatureEntry


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
        importance_percent=shares,
    )
    assert entry.unused is unused
