"""The gate on coverage: what the validation rows hardly hold, they prove nothing about."""

from typing import TYPE_CHECKING

from driftgate.errors import CannotJudge, ConfigError, nearest
from driftgate.evaluation.gates import rounded
from driftgate.evaluation.holdout import Holdout
from driftgate.evaluation.metrics import Floats, Metric, metric, one_class
from driftgate.evaluation.report import GateResult, SegmentResult
from driftgate.use_cases import UseCase
from driftgate.validation_policy import Segment

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa


def segment_results(use_case: UseCase, held: Holdout, scores: Floats) -> tuple[SegmentResult, ...]:
    """Return what the validation rows say of each segment of the use case.

    :raises ConfigError: a segment names no column of the rows, or asks a column for what it cannot hold
    """
    return tuple(
        _result(use_case, name, segment, held, scores) for name, segment in use_case.validation.segments.items()
    )


def coverage_gates(use_case: UseCase, found: tuple[SegmentResult, ...]) -> tuple[GateResult, ...]:
    """Compare each segment's rows with those asked for; without segments there is no gate."""
    if not found:
        return ()
    short = [one for one in found if one.rows < one.min_rows]
    if short:
        told = ", ".join(f"{one.segment!r} has {one.rows:,} of {one.min_rows:,} rows" for one in short)
        sentence = (
            f"The validation rows hold too little of {len(short)} of {len(found)} segments: {told}; raise "
            "'train.validation_days', or lower 'min_rows' of 'validation.segments' if so few are enough."
        )
    else:
        sentence = f"The validation rows hold enough of all {len(found)} segments."
    return (
        GateResult(
            gate="coverage",
            metric=use_case.metric.primary,
            value=rounded(min(one.rows / one.min_rows for one in found)),
            interval=None,
            threshold=1.0,
            verdict="fail" if short else "pass",
            sentence=sentence,
        ),
    )


def rows_of(segment: Segment, table: "pa.Table", where: str) -> "npt.NDArray[np.bool_]":
    """Return which rows of ``table`` belong to a segment.

    :param where: the key of the segment, for the sentence
    :raises ConfigError: there is no such column, or it cannot hold what the segment asks for
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if segment.column not in table.column_names:
        known = nearest(segment.column, table.column_names)
        raise ConfigError(f"{where} names {segment.column!r}, no column of features.sql{known}")
    column = table.column(segment.column)
    if segment.missing:
        return _array(pc.is_null(column, nan_is_null=True))
    words = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
    numbers = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
    if not numbers and not (words and segment.values):
        raise ConfigError(f"{where}: {segment.column!r} is {column.type}, which has no band; name values, or another.")
    if segment.values:
        return _array(pc.is_in(column, _values(segment, words=words, where=where).cast(column.type, safe=False)))
    inside = pc.is_valid(column)
    if segment.at_least is not None:
        inside = pc.and_(inside, pc.greater_equal(column.cast(pa.float64(), safe=False), segment.at_least))
    if segment.below is not None:
        inside = pc.and_(inside, pc.less(column.cast(pa.float64(), safe=False), segment.below))
    return _array(inside)


def _values(segment: Segment, *, words: bool, where: str) -> "pa.Array":
    import pyarrow as pa

    for value in segment.values:
        if isinstance(value, str) != words:
            kind = "words" if words else "numbers"
            raise ConfigError(f"{where}: {segment.column!r} holds {kind}, and {value!r} is none; correct 'values'.")
    return pa.array(segment.values, pa.string() if words else pa.float64())


def _array(mask: "pa.ChunkedArray") -> "npt.NDArray[np.bool_]":
    found: npt.NDArray[np.bool_] = mask.fill_null(False).to_numpy(zero_copy_only=False).astype(bool)
    return found


def _result(use_case: UseCase, name: str, segment: Segment, held: Holdout, scores: Floats) -> SegmentResult:
    where = f"{use_case.folder / 'use_case.yaml'}: key 'validation.segments.{name}'"
    inside = rows_of(segment, held.table, where)
    labels, answers = held.labels[inside], scores[inside]
    primary = metric(use_case.metric.primary)
    return SegmentResult(
        segment=name,
        rows=int(inside.sum()),
        min_rows=segment.min_rows,
        value=_value(use_case, primary, labels, answers),
        bias=rounded(float(answers.mean() - labels.mean())) if len(labels) else None,
    )


def _value(use_case: UseCase, primary: Metric, labels: Floats, answers: Floats) -> float | None:
    if not len(labels) or one_class(use_case.problem, labels):
        return None
    try:
        return rounded(primary.value(labels, answers))
    except CannotJudge:
        return None
