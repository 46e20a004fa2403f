"""A segment's rows are counted as they are; too few fail the gate, and the sentence says which."""

from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from driftgate.errors import ConfigError
from driftgate.evaluation.coverage import coverage_gates, rows_of, segment_results
from driftgate.evaluation.holdout import Holdout
from driftgate.use_cases import UseCase
from driftgate.validation_policy import Segment, Validation

TABLE = pa.table(
    {
        "origin": ["EWR", "JFK", "EWR", None, "LGA", "EWR"],
        "hour": pa.array([5, 20, 21, None, 7, 6], pa.int32()),
        "visibility": [10.0, float("nan"), 0.5, 2.0, None, 3.0],
        "at": pa.array([datetime(2013, 3, 1)] * 6, pa.timestamp("us")),
    }
)


def inside(column: str, **kind: Any) -> list[int]:
    return list(np.flatnonzero(rows_of(Segment(column=column, min_rows=1, **kind), TABLE, "f.yaml: key 's'")))


@pytest.mark.parametrize(
    ("column", "kind", "rows"),
    [
        ("origin", {"values": ("EWR",)}, [0, 2, 5]),
        ("origin", {"values": ("JFK", "LGA", "SFO")}, [1, 4]),
        ("origin", {"missing": True}, [3]),
        ("hour", {"values": (20, 21)}, [1, 2]),
        ("hour", {"at_least": 20}, [1, 2]),
        ("hour", {"below": 7}, [0, 5]),
        ("hour", {"at_least": 6, "below": 20.5}, [1, 4, 5]),
        ("visibility", {"below": 3}, [2, 3]),
        ("visibility", {"missing": True}, [1, 4]),
        ("at", {"missing": True}, []),
    ],
)
def test_the_rows_of_a_segment_by_hand(column: str, kind: dict[str, Any], rows: list[int]) -> None:
    assert inside(column, **kind) == rows


@pytest.mark.parametrize(
    ("column", "kind", "sentence"),
    [
        ("orign", {"values": ("EWR",)}, "f.yaml: key 's' names 'orign', no column of features.sql; did you mean 'orig"),
        ("origin", {"below": 3}, "'origin' is string, which has no band"),
        ("at", {"values": ("2013",)}, "'at' is timestamp"),
        ("origin", {"values": (3,)}, "'origin' holds words, and 3 is none; correct 'values'"),
        ("hour", {"values": ("20",)}, "'hour' holds numbers, and '20' is none"),
    ],
)
def test_what_a_column_cannot_hold_is_refused(column: str, kind: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        inside(column, **kind)
    assert sentence in str(refused.value)


def held() -> Holdout:
    labels = np.array([True, False, False, True, False, True])
    return Holdout(TABLE, labels, np.array(["2013-03-01"] * 6, "datetime64[D]"))


SCORES = np.array([0.9, 0.2, 0.4, 0.8, 0.3, 0.2])


def asked(use_case: UseCase, **segments: Segment) -> UseCase:
    return use_case.model_copy(update={"validation": Validation(segments=segments)})


def test_a_segment_says_how_good_and_how_biased_the_model_is_on_it(use_case: UseCase) -> None:
    wanted = asked(
        use_case,
        newark=Segment(column="origin", values=("EWR",), min_rows=3),
        fog=Segment(column="visibility", below=1, min_rows=2),
        nowhere=Segment(column="origin", values=("SFO",), min_rows=1),
    )
    newark, fog, nowhere = segment_results(wanted, held(), SCORES)
    # EWR: labels 1 0 1, scores 0.9 0.4 0.2: one of two pairs in order; mean 0.5 against 2/3.
    assert (newark.rows, newark.value, newark.bias) == (3, 0.5, pytest.approx(-1 / 6, abs=1e-6))
    assert (fog.rows, fog.value, fog.bias) == (1, None, 0.4)  # of one class
    assert (nowhere.rows, nowhere.value, nowhere.bias) == (0, None, None)


def test_too_few_rows_of_a_segment_fail_the_gate(use_case: UseCase) -> None:
    enough, fog = Segment(column="origin", values=("EWR",), min_rows=3), Segment(column="hour", below=7, min_rows=8)
    (gate,) = coverage_gates(use_case, segment_results(asked(use_case, newark=enough, dawn=fog), held(), SCORES))
    assert (gate.gate, gate.verdict, gate.value, gate.threshold) == ("coverage", "fail", 0.25, 1.0)
    assert "too little of 1 of 2 segments: 'dawn' has 2 of 8 rows; raise 'train.validation_days'" in gate.sentence

    (gate,) = coverage_gates(use_case, segment_results(asked(use_case, newark=enough), held(), SCORES))
    assert (gate.verdict, gate.value) == ("pass", 1.0)


def test_without_segments_there_is_no_gate(use_case: UseCase) -> None:
    assert coverage_gates(use_case, segment_results(use_case, held(), SCORES)) == ()
