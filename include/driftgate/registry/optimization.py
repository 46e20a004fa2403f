"""Making a model faster before it serves, only if it stays the same model and is faster: else the original ships."""

from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from driftgate.errors import ConfigError
from driftgate.evaluation.gates import rounded
from driftgate.evaluation.golden import Golden
from driftgate.evaluation.holdout import LABEL
from driftgate.evaluation.metrics import label_values, metric
from driftgate.models import Preprocessing, Scorer, load_scorer
from driftgate.records import Record, parse_record
from driftgate.registry.versions import parse_json
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import pyarrow as pa

OPTIMIZATION = "optimization.json"
MAX_DIFFERENCE, MAX_METRIC_LOSS, MIN_GAIN = 1e-6, 1e-3, 0.1
ROUNDS = 5  # through the golden rows; each row is asked of both in turn, so that a busy machine is busy for both


class Optimization(Record):
    """What was tried before a model was registered, and what ships: the file ``optimization.json`` of its package.

    Numbers are None where the format cannot hold the model, or makes another one of it. A difference or a loss is a
    share of the score or metric where that exceeds 1. Latencies are of one request's row, encoded and scored.
    """

    schema_version: int = 1
    asked: Literal["onnx", "fastest"]
    ships: Literal["as_trained", "onnx"]
    reason: str
    rows: int = 0
    max_difference: float | None = None
    metric: str | None = None
    metric_loss: float | None = None
    as_trained_p95_ms: float | None = None
    onnx_p95_ms: float | None = None
    latency_gain: float | None = None


def optimize(
    use_case: UseCase, model_file: str, data: bytes, original: Scorer, golden: Golden, validation: "pa.Table"
) -> Optimization:
    """Try the format that ``serve.format`` asks for, and say whether it ships.

    :param golden: its rows are replayed to both, as requests
    :param validation: the validation rows, with the column ``label``
    """
    asked: Any = use_case.serve.format
    if model_file != "model.txt":
        return Optimization(asked=asked, ships="as_trained", reason=f"{model_file} is what onnxruntime runs already.")
    try:
        other = _as_onnx(data, original.preprocessing)
    except ConfigError as error:
        return Optimization(asked=asked, ships="as_trained", reason=str(error))
    return compare(use_case, original, other, golden, validation)


def compare(use_case: UseCase, original: Scorer, other: Scorer, golden: Golden, validation: "pa.Table") -> Optimization:
    """Hold another format of a model against the original: the scores, the primary metric, the latency."""
    asked: Any = use_case.serve.format
    rows = validation.num_rows + len(golden.rows)
    before, after = original.score_table(validation), other.score_table(validation)
    replayed = [np.concatenate([one.score_rows([row]) for row in golden.rows]) for one in (original, other)]
    apart = max(_apart(before, after), _apart(*replayed))
    if not apart <= MAX_DIFFERENCE:
        reason = f"A score differs by {apart:.3g}, more than {MAX_DIFFERENCE:g}: it is another model."
        return Optimization(asked=asked, ships="as_trained", reason=reason, rows=rows)
    primary, labels = metric(use_case.metric.primary), label_values(use_case.problem, validation.column(LABEL))
    was = primary.value(labels, before)
    loss = primary.gain(was, primary.value(labels, after)) / max(1.0, abs(was))
    slow, fast = _latencies_p95(original, other, golden.rows)
    gain = 1 - fast / slow
    reason = _refusal(loss, gain if asked == "fastest" else None)
    return Optimization(
        asked=asked,
        ships="as_trained" if reason else "onnx",
        reason=reason or "It gives the same scores and keeps the limits.",
        rows=rows,
        max_difference=float(f"{apart:.3g}"),
        metric=primary.name,
        metric_loss=rounded(loss),
        as_trained_p95_ms=rounded(slow),
        onnx_p95_ms=rounded(fast),
        latency_gain=rounded(gain),
    )


def scorer_that_ships(model_file: str, files: Mapping[str, bytes], preprocessing: Preprocessing, where: str) -> Scorer:
    """Return the model of a package in the format that its ``optimization.json`` says; without one, as trained.

    :raises Tampered: the bytes are no model
    """
    if OPTIMIZATION in files:
        said = f"{where}/{OPTIMIZATION}"
        if parse_record(parse_json(files[OPTIMIZATION], said), Optimization, where=said).ships == "onnx":
            return _as_onnx(files[model_file], preprocessing)
    return load_scorer(model_file, files[model_file], preprocessing)


def _as_onnx(data: bytes, preprocessing: Preprocessing) -> Scorer:
    from driftgate.models.onnx_trees_scorer import OnnxTreesScorer

    return OnnxTreesScorer.load(data, preprocessing)


def _apart(expected: Any, found: Any) -> float:
    apart = np.abs(found - expected) / np.maximum(1, np.abs(expected))
    return float(np.nan_to_num(apart, nan=np.inf).max(initial=0.0))


def _latencies_p95(original: Scorer, other: Scorer, rows: Sequence[dict[str, Any]]) -> tuple[float, float]:
    """Return the 95th percentiles of the milliseconds that each takes for a row."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for row in [row for _ in range(ROUNDS) for row in rows]:
        for scorer, taken in zip((original, other), seconds, strict=True):
            began = perf_counter()
            scorer.score_rows([row])
            taken.append(perf_counter() - began)
    slow, fast = (1000 * float(np.quantile(taken, 0.95)) for taken in seconds)
    return slow, fast


def _refusal(loss: float, gain: float | None) -> str:
    """Return why the original ships, empty where it does not; ``gain`` is None where nobody asked for speed."""
    if not loss <= MAX_METRIC_LOSS:
        return f"The primary metric loses {loss:.3g}, more than {MAX_METRIC_LOSS:g}."
    if gain is not None and not gain >= MIN_GAIN:
        change = f"{gain:.0%} faster" if gain >= 0 else f"{-gain:.0%} slower"
        return f"The 95th percentile of a request's row is {change}, and {MIN_GAIN:.0%} faster is asked for."
    return ""
