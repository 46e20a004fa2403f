"""Rows from all over a table that is ordered by time: equally far apart, so that each day gives its share."""

import numpy as np
import numpy.typing as npt


def places_all_over(rows: int, most: int) -> npt.NDArray[np.int64]:
    """Return the places of at most ``most`` of ``rows`` rows, always the same ones, in their order."""
    return np.unique(np.linspace(0, rows - 1, min(rows, most)).astype(np.int64))
