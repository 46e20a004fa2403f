"""How every process of a training begins: the same network on the same rows, and where an earlier attempt was."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch  # noqa: TID253  only the trainer imports this module, when it trains

from driftgate.training.network.columns import columns
from driftgate.training.network.handover import Handover
from driftgate.training.network.loop import Learning
from driftgate.training.network.module import Network, Rows
from driftgate.training.network.parameters import TorchParameters
from driftgate.training.network.share import Share
from driftgate.training.network.state import Weights, unpack
from driftgate.training.trainer import Resumed

Unit = tuple[float, float] | None  # mean and standard deviation of a regression's labels


@dataclass(frozen=True)
class Beginning:
    """A network that is ready to learn; ``rows`` prepares what it learns from and is asked."""

    rows: Rows
    network: Network
    learning: Learning
    unit: Unit

    def resume(self, resumed: Resumed | None) -> tuple[int, Weights]:
        """Return how many epochs are done, and the best weights of them."""
        if resumed is None:
            return 0, {}
        return resumed.iteration, unpack(resumed.state, self.network, self.learning.optimiser)


def begun(handover: Handover, parameters: TorchParameters, share: Share, device: torch.device) -> Beginning:
    """Return the beginning of a training; torch's generator is seeded by the spec."""
    spec, labels = handover.spec, handover.labels
    rows = Rows(handover.preprocessing, handover.matrix)
    unit = None if spec.problem == "binary" else (float(labels.mean()), float(labels.std()))
    train = columns(rows, handover.matrix, labels, unit, device)
    torch.manual_seed(spec.seed)
    network = Network(rows, train.numbers.cpu().numpy(), parameters, share).to(device)
    return Beginning(rows, network, Learning(spec, parameters, network, train, share), unit)


def device_of(rank: int) -> torch.device:
    """Return what the process ``rank`` learns on: its own GPU where there is one."""
    return torch.device("cuda", rank) if torch.cuda.is_available() else torch.device("cpu")


@contextmanager
def deterministic(parameters: TorchParameters, device: torch.device) -> Iterator[None]:
    """Let a GPU use only what adds in one order, where the parameters ask for it; a processor does anyway."""
    if device.type != "cuda" or not parameters.deterministic:
        yield
        return
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS reads it when it first multiplies
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)
