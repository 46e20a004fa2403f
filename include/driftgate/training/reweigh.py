"""Weights of the training rows under which labels are independent of a facet's groups (Kamiran and Calders 2012)."""

import numpy as np
from numpy.typing import NDArray

from driftgate.compute.jobs import JobSpec
from driftgate.evaluation.facets import group_masks
from driftgate.training.rows import Part


def row_weights(spec: JobSpec, part: Part) -> NDArray[np.float64] | None:
    """Return each row's weight, None where the spec asks for none.

    It is the share of rows expected with this group and this label, if one told nothing of the other, divided by the
    share there is. Rows of no group are a group of their own.

    :raises ConfigError: the facet names no column of the rows, or asks a column for what it cannot hold
    """
    if spec.reweigh is None:
        return None
    groups = np.zeros(len(part.labels), dtype=np.int64)
    where = f"Use case {spec.use_case}, the facet of 'fairness.reweigh'"
    for number, inside in enumerate(group_masks(spec.reweigh, part.table, where).values(), start=1):
        groups[inside] = number
    cells = 2 * groups + part.labels
    found = np.bincount(cells, minlength=2 * int(groups.max(initial=0)) + 2).reshape(-1, 2)
    expected = np.outer(found.sum(axis=1), found.sum(axis=0)) / len(part.labels)
    weights = np.divide(expected, found, out=np.zeros_like(expected), where=found > 0)
    return np.asarray(weights.ravel()[cells], dtype=np.float64)
