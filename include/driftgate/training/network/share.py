"""Which part of every batch is this process's own, where several processes train one network together.

Everything that is drawn, is drawn for the whole batch by every process from the same generator, and each keeps its own
rows of it. So the processes together learn what one process alone would, up to the order in which sums are added.
"""

from dataclasses import dataclass

import torch  # noqa: TID253  only the trainer imports this module, when it trains
from torch import Tensor  # noqa: TID253

LEVELS = 256  # of what is drawn


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
        """Return whole numbers below ``LEVELS``, ``width`` of them for each of this process's rows of the batch."""
        if device.type == "cuda":  # where drawing is cheap, and torch.compile cannot follow a view of other bytes
            return self.of(torch.randint(LEVELS, (self.rows, width), dtype=torch.uint8, device=device))
        # Eight from each drawn number: on a processor a seventh of the time of torch.rand, a twelfth of bernoulli_.
        many = torch.empty(-(-self.rows * width // 8), dtype=torch.int64, device=device).random_(-(2**63), None)
        return self.of(many.view(torch.uint8)[: self.rows * width].view(self.rows, width))
