"""Decisions at a threshold agree with scikit-learn, and with numbers worked out by hand."""

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from driftgate.evaluation.confusion import confusion


def test_decisions_by_hand() -> None:
    labels, scores = [True, True, False, False, False], [0.9, 0.1, 0.8, 0.2, 0.3]
    assert confusion(labels, scores, 0.5) == {
        "true_positives": 1,
        "false_positives": 1,
        "false_negatives": 1,
        "true_negatives": 2,
        "accuracy": 0.6,
        "precision": 0.5,
        "recall": 0.5,
        "f1": 0.5,
    }


def test_decisions_are_those_of_scikit_learn() -> None:
    random = np.random.default_rng(4)
    labels, scores = random.uniform(size=1000) < 0.3, random.uniform(size=1000)
    found, said = confusion(labels, scores, 0.4), scores > 0.4
    assert found["precision"] == pytest.approx(sklearn_metrics.precision_score(labels, said))
    assert found["recall"] == pytest.approx(sklearn_metrics.recall_score(labels, said))
    assert found["f1"] == pytest.approx(sklearn_metrics.f1_score(labels, said))
    assert found["accuracy"] == pytest.approx(sklearn_metrics.accuracy_score(labels, said))


def test_a_share_of_nothing_does_not_exist() -> None:
    assert "precision" not in confusion([True, False], [0.1, 0.1], 0.5)
    assert "recall" not in confusion([False, False], [0.9, 0.1], 0.5)
    assert not {"precision", "recall", "f1"} & set(confusion([False], [0.1], 0.5))
