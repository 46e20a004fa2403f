"""Weights that make labels independent of groups, by hand and in a training that they change."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from driftgate.compute import JobSpec
from driftgate.fairness_policy import Facet, Fairness
from driftgate.models import Preprocessing, load_scorer
from driftgate.training import training_spec
from driftgate.training.reweigh import row_weights
from driftgate.training.rows import Part
from driftgate.training.train import train
from driftgate.use_cases import UseCase

FACET = Facet.model_validate(
    {
        "column": "carrier",
        "groups": {"most": {"values": ["AA", "B6", "UA"]}, "delta": {"values": ["DL"]}},
        "reference": "most",
        "metrics": {"disparate_impact": {}, "accuracy_difference": {"at_most": 0.2}},
    }
)


def test_the_weights_by_hand(make_spec: Callable[..., JobSpec]) -> None:
    part = Part(
        pa.table({"carrier": ["AA"] * 4 + ["DL"] * 4 + ["ZZ"] * 2}), np.array([1, 0, 0, 0, 1, 1, 1, 0, 1, 0], bool)
    )
    spec = make_spec()
    assert row_weights(spec, part) is None
    weights = row_weights(spec.model_copy(update={"reweigh": FACET}), part)
    # AA: 4 rows, half of all labels are true: 2 expected of each, there are 1 and 3. DL the other way; ZZ as expected.
    assert weights == pytest.approx([2, 2 / 3, 2 / 3, 2 / 3, 2 / 3, 2 / 3, 2 / 3, 2, 1, 1])
    assert weights is not None and weights.sum() == pytest.approx(10)


def test_a_spec_asks_for_weights_where_the_use_case_does(shaped: Callable[..., UseCase]) -> None:
    whole = shaped(parameters={})
    assert training_spec(whole, "flight_delays/2013-03-31-3f9c2a1", "job-1").reweigh is None
    fairness = Fairness(facets={"operator": FACET}, mitigation="reweigh", reweigh="operator")
    weighed = whole.model_copy(update={"fairness": fairness})
    assert training_spec(weighed, "flight_delays/2013-03-31-3f9c2a1", "job-1").reweigh == FACET


def test_a_weighed_training_treats_the_groups_more_alike(make_spec: Callable[..., JobSpec], rows: pa.Table) -> None:
    def difference(spec: JobSpec) -> float:
        trained = train(spec, rows)
        prepared = Preprocessing.model_validate_json(trained.artefacts["preprocessing.json"])
        scores = load_scorer(trained.model_file, trained.artefacts[trained.model_file], prepared).score_table(rows)
        group = np.asarray(rows["carrier"]) == "DL"
        return float((scores[~group] > 0.3).mean() - (scores[group] > 0.3).mean())

    before, after = difference(make_spec()), difference(make_spec().model_copy(update={"reweigh": FACET}))
    assert before < -0.3  # Delta is warned of far more often
    assert abs(after) < 0.5 * abs(before)
