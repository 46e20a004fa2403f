"""Which numeric features rise and fall together: Spearman's rank correlation (1904) of each pair."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from driftgate.evaluation.gates import rounded

if TYPE_CHECKING:
    import pyarrow as pa

FEWEST_ROWS = 30  # that have both values; fewer say nothing about the others


def correlations(table: "pa.Table", names: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return the correlation of each pair of the numeric columns ``names``, under the one that comes first.

    A pair that is not there has a constant, or too few rows with both values.
    """
    import pandas as pd

    columns = {name: table.column(name).cast("float64", safe=False).to_numpy() for name in names}
    found = pd.DataFrame(columns).corr(method="spearman", min_periods=FEWEST_ROWS).to_numpy()
    return {
        first: {
            names[other]: rounded(float(found[place, other]))
            for other in range(place + 1, len(names))
            if found[place, other] == found[place, other]  # NaN is not equal to itself
        }
        for place, first in enumerate(names[:-1])
    }
