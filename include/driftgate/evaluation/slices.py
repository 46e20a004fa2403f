"""The gate on slices: a candidate that is better on the whole must not pay for it with one carrier or one hour.

Each slice of enough rows is tested at a share of what may go wrong, 1 - confidence over the number of slices
(Bonferroni): the bounds of all of them hold together. A slice fails when it is shown to lose, by its upper bound, and
loses more than is allowed. Asking it to be shown not to lose more, as the gate on the champion asks of all rows, would
fail most candidates for slices of a few hundred rows, whose bounds are wider than any loss worth a limit.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from driftgate.errors import ConfigError, nearest
from driftgate.evaluation.comparison import Comparison, Finding
from driftgate.evaluation.day_blocks import FEWEST_DAYS, mean_interval
from driftgate.evaluation.gates import rounded, rounded_interval
from driftgate.evaluation.metrics import GUARDED, METRICS, Floats
from driftgate.evaluation.report import GateResult, SliceResult, Verdict
from driftgate.gate_policy import Band, SliceGate

if TYPE_CHECKING:
    import pyarrow as pa

MOST_VALUES = 100  # of a column; what has more is a name of single things, and belongs in no report
MISSING = "missing"

Rows = npt.NDArray[np.bool_]


def slices(found: Comparison) -> Finding:
    """Compare with the champion slice by slice; without the section there is no gate.

    :raises ConfigError: the section names no column of the rows, or one that cannot be sliced
    """
    policy = found.use_case.gates.slices
    if policy is None:
        return Finding({}, ())
    where = f"{found.use_case.folder / 'use_case.yaml'}: key 'gates.slices'"
    results = tuple(_results(found, policy, list(slice_rows(policy, found.held.table, where))))
    return Finding({"slices": results}, (_gate(found, policy, results),))


def slice_rows(policy: SliceGate, table: "pa.Table", where: str) -> Iterator[tuple[str, str, Rows]]:
    """Yield what each slice is by, its name, and which rows of ``table`` belong to it.

    :param where: the key of the section, for the sentence
    :raises ConfigError: there is no such column, or it cannot be sliced
    """
    for by in policy.by:
        band = policy.bands.get(by)
        name = band.column if band else by
        if name not in table.column_names:
            raise ConfigError(f"{where} names {name!r}, no column of features.sql{nearest(name, table.column_names)}")
        values = _banded(table.column(name), band, where) if band else table.column(name).to_pylist()
        names = np.array([MISSING if value is None else str(value) for value in values], dtype=object)
        known = sorted(set(names))
        if len(known) > MOST_VALUES:
            raise ConfigError(
                f"{where} names {name!r}, which has {len(known)} values; declare bands, or another column."
            )
        for value in known:
            yield by, value, names == value


def _banded(column: "pa.ChunkedArray", band: Band, where: str) -> list[str | None]:
    import pyarrow as pa

    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        raise ConfigError(f"{where}: {band.column!r} is {column.type}, which has no bands; name it in 'by' itself.")
    edges = [f"{edge:g}" for edge in band.edges]
    names = (f"below {edges[0]}", *map("{} to {}".format, edges, edges[1:]), f"from {edges[-1]}")
    values = column.cast(pa.float64(), safe=False).to_numpy()
    places = np.searchsorted(band.edges, values, side="right")
    return [None if np.isnan(value) else names[place] for value, place in zip(values, places, strict=True)]


def _results(found: Comparison, policy: SliceGate, asked: list[tuple[str, str, Rows]]) -> Iterator[SliceResult]:
    scores = found.champion.scores if found.champion else None
    mine, theirs = _losses(found, found.scores), None if scores is None else _losses(found, scores)
    many = sum(bool(rows.sum() >= policy.min_rows) for _, _, rows in asked)
    confidence = 1 - (1 - policy.confidence) / max(many, 1)
    for by, name, rows in asked:
        facts: dict[str, Any] = {"by": by, "slice": name, "rows": int(rows.sum())}
        if rows.sum() < policy.min_rows:
            yield SliceResult(**facts, verdict="insufficient_data")
            continue
        facts["loss"] = rounded(float(mine[rows].mean()))
        if theirs is None:
            yield SliceResult(**facts, verdict="not_compared")
        else:
            facts["champion_loss"] = rounded(float(theirs[rows].mean()))
            yield _compared(policy, facts, theirs[rows] - mine[rows], found.held.days[rows], confidence)


def _losses(found: Comparison, scores: Floats) -> Floats:
    row_losses = METRICS[GUARDED[found.use_case.problem]].row_losses
    if row_losses is None:
        raise ValueError("what guards traffic must be a mean over rows")
    return row_losses(found.held.labels, scores)


def _compared(
    policy: SliceGate, facts: dict[str, Any], gains: Floats, days: npt.NDArray[np.datetime64], confidence: float
) -> SliceResult:
    gain, bounds = rounded(float(gains.mean())), mean_interval(gains, days, confidence)
    if bounds is None:
        return SliceResult(**facts, gain=gain, verdict="insufficient_data")
    return SliceResult(
        **facts,
        gain=gain,
        interval=rounded_interval(bounds),
        verdict="fail" if bounds[1] < 0 and gain < -policy.worst_loss else "pass",
    )


def _gate(found: Comparison, policy: SliceGate, results: tuple[SliceResult, ...]) -> GateResult:
    judged = [(one.interval, one) for one in results if one.interval is not None]
    worst = min(judged, key=lambda one: (one[1].verdict != "fail", one[1].gain), default=None)
    verdict, sentence = _judged(found, policy, results, [one for _, one in judged])
    return GateResult(
        gate="slices",
        metric=GUARDED[found.use_case.problem],
        value=worst[1].gain if worst else None,
        interval=worst[0] if worst else None,
        threshold=0.0 - policy.worst_loss,
        verdict=verdict,
        sentence=sentence,
    )


def _judged(
    found: Comparison, policy: SliceGate, results: tuple[SliceResult, ...], judged: list[SliceResult]
) -> tuple[Verdict, str]:
    if found.champion is None:
        return "pass", "There is no champion yet, so no slice can lose anything against it."
    if found.champion.scores is None:
        return "fail", f"Champion {found.champion.version} cannot score these rows, so no slice was compared."
    if not judged:
        return "insufficient_data", f"None of {len(results)} slices has {policy.min_rows:,} rows of {FEWEST_DAYS} days."
    failed = [one for one in judged if one.verdict == "fail"]
    small = f" {len(results) - len(judged)} smaller ones prove nothing." if len(judged) < len(results) else ""
    if not failed:
        return "pass", f"None of {len(judged)} slices is shown to lose, and more than {policy.worst_loss:g}.{small}"
    told = ", ".join(_told(one) for one in failed[:3])
    return "fail", f"{len(failed)} of {len(judged)} slices lose more than {policy.worst_loss:g}: {told}.{small}"


def _told(one: SliceResult) -> str:
    low, high = one.interval or (0.0, 0.0)
    return f"{one.by} {one.slice} loses {-one.gain if one.gain else 0.0:+.4f} ({-high:+.4f} to {-low:+.4f})"
