"""Learning from a share of the training rows, and making sure that the share is like the whole."""

import logging
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from driftgate.compute.jobs import JobSpec
from driftgate.errors import ConfigError
from driftgate.profiles.stability import psi
from driftgate.training.rows import Part, TrainingRows

if TYPE_CHECKING:
    import pyarrow as pa

logger = logging.getLogger(__name__)
MAX_PSI = 0.1  # below it, two samples are usually taken to be of one population
MAX_CLASS_SHARE_DIFFERENCE = 0.01
BINS = 10
NAMED_CATEGORIES = 20  # the most frequent; a rare one says more about chance than about the sample


def sampled(spec: JobSpec, rows: TrainingRows) -> TrainingRows:
    """Return the rows with the share of the training rows that the spec asks for; validation rows stay whole.

    :raises ConfigError: the share is unlike the whole
    """
    if spec.row_share == 1.0:
        return rows
    chosen = draw(rows.train.labels, spec.row_share, spec.seed)
    part = Part(rows.train.table.take(chosen), rows.train.labels[chosen])
    require_representative(spec, rows, part)
    return TrainingRows(part, rows.validation, rows.features)


def draw(labels: NDArray[Any], share: float, seed: int) -> NDArray[np.int64]:
    """Return the places of ``share`` of the rows, in their order: of each class, or tenth of the labels, that share."""
    strata = labels if labels.dtype == bool else np.searchsorted(_deciles(labels), labels, side="right")
    random = np.random.default_rng(seed)
    chosen = []
    for stratum in np.unique(strata):
        places = np.flatnonzero(strata == stratum)
        chosen.append(random.permutation(places)[: max(1, round(share * len(places)))])
    return np.sort(np.concatenate(chosen))


def require_representative(spec: JobSpec, rows: TrainingRows, part: Part) -> None:
    """Return when every feature and the label are distributed in ``part`` as in all training rows.

    :raises ConfigError: one is not; the sentence names each with its PSI
    """
    whole = rows.train
    moved = {name: _psi(whole.table.column(name), part.table.column(name)) for name in rows.features}
    if whole.labels.dtype != bool:
        moved["label"] = _psi_of_numbers(whole.labels, part.labels)
    logger.info("%d of %d training rows; largest PSI %.4f", len(part.labels), len(whole.labels), max(moved.values()))
    unlike = [f"{name!r} has a PSI of {value:.2f}" for name, value in moved.items() if value >= MAX_PSI]
    difference = float(part.labels.mean()) - float(whole.labels.mean())
    if whole.labels.dtype == bool and abs(difference) > MAX_CLASS_SHARE_DIFFERENCE:
        unlike.append(f"its share of true labels is {abs(difference):.3f} away")
    if unlike:
        raise ConfigError(
            f"Dataset version {spec.dataset_version}: a share of {spec.row_share:g} of the training rows is unlike all "
            f"of them: {', '.join(unlike)}; raise 'train.row_share' of {spec.use_case}."
        )


def _psi(whole: "pa.ChunkedArray", part: "pa.ChunkedArray") -> float:
    import pyarrow as pa

    if pa.types.is_string(whole.type) or pa.types.is_large_string(whole.type):
        return _psi_of_words(whole, part)
    return _psi_of_numbers(_numbers(whole), _numbers(part))


def _numbers(column: "pa.ChunkedArray") -> NDArray[np.float64]:
    return np.asarray(column.cast("float64", safe=False).to_numpy(), dtype=np.float64)


def _psi_of_numbers(whole: NDArray[np.float64], part: NDArray[np.float64]) -> float:
    edges = np.unique(_deciles(whole[~np.isnan(whole)]))
    return psi(*(_shares(values, edges) for values in (whole, part)))


def _shares(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    missing = np.isnan(values)
    counts = np.bincount(np.searchsorted(edges, values[~missing], side="left"), minlength=len(edges) + 1)
    return np.append(counts, missing.sum()) / len(values)


def _psi_of_words(whole: "pa.ChunkedArray", part: "pa.ChunkedArray") -> float:
    counted = {item["values"]: item["counts"] for item in whole.value_counts().to_pylist()}
    named = sorted(counted, key=lambda word: (-counted[word], word is None, word or ""))[:NAMED_CATEGORIES]
    drawn = {item["values"]: item["counts"] for item in part.value_counts().to_pylist()}
    return psi(*(_named_shares(counts, named) for counts in (counted, drawn)))


def _named_shares(counts: dict[str | None, int], named: list[str | None]) -> NDArray[np.float64]:
    known = [counts.get(word, 0) for word in named]
    total = sum(counts.values())
    return np.array([*known, total - sum(known)], dtype=np.float64) / total


def _deciles(values: NDArray[np.float64]) -> NDArray[np.float64]:
    if not len(values):
        return np.empty(0)
    return np.asarray(np.quantile(values, np.arange(1, BINS) / BINS), dtype=np.float64)
