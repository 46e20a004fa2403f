"""The rows of both splits as tensors, on the device that learns from them, once and for all epochs."""

from dataclasses import dataclass

import numpy as np
import torch  # noqa: TID253  only the trainer imports this module, when it trains
from numpy.typing import NDArray
from torch import Tensor  # noqa: TID253

from driftgate.training.network.module import Prepared, Rows


@dataclass(frozen=True)
class Columns:
    """The prepared rows of one split and their labels: 0 and 1, or numbers in standard deviations from their mean."""

    codes: Tensor
    numbers: Tensor
    missing: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def at(self, places: Tensor) -> Prepared:
        """Return the prepared rows at ``places``."""
        # index_select copies whole rows; indexing by brackets takes twice as long on a processor.
        codes, numbers, missing = (part.index_select(0, places) for part in (self.codes, self.numbers, self.missing))
        return codes, numbers, missing

    def between(self, first: int, end: int) -> Prepared:
        """Return the prepared rows from ``first`` to before ``end``, without a copy."""
        return self.codes[first:end], self.numbers[first:end], self.missing[first:end]


def columns(
    rows: Rows,
    matrix: NDArray[np.float64],
    labels: NDArray[np.float64],
    unit: tuple[float, float] | None,
    device: torch.device,
) -> Columns:
    """Return a split's rows on ``device``.

    :param unit: mean and standard deviation of a regression's training labels, None of a binary problem
    """
    with torch.no_grad():
        prepared = rows(torch.tensor(matrix, dtype=torch.float32))
    scaled = labels if unit is None else (labels - unit[0]) / unit[1]
    codes, numbers, missing = (part.contiguous().to(device) for part in prepared)
    return Columns(codes, numbers, missing, torch.tensor(scaled, dtype=torch.float32, device=device))
