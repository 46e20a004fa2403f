"""Which part of every batch is this process's own, where several processes train one network together.

Everything that is drawn, is drawn for the whole batch by every process from the same generator, and each keeps its own
rows of it. So the processes together learn what one process alone would, up to the order in which sums are added.
"""

from dataclasses import dataclass

import torch  # noqa: TID253  only the trainer imports this module, when it trains
from torch import Tensor  # noqa: TID253


@dataclass
class Share:
    """The place of this process among all; ``rows`` of the batch at hand, which the loop keeps up to date."""

    rank: int = 0
    processes: int = 1
    rows: int = 0

    def of(self, whole: Tensor) -> Tensor:
        """Return this process's rows of something that has a row for each of the batch."""
        return whole if self.processes == 1 else whole[self.rank :: self.processes]

    def draw(self, width: int, device: torch.device) -> Tensor:
        """Return numbers from 0 to 1, ``width`` of them for each of this process's rows of the batch."""
        return self.of(torch.rand(self.rows, width, device=device))
