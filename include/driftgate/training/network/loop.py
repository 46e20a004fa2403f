"""Learning: epochs of batches that are picked on the device, watched for numbers that run away or die out."""

import logging
import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch  # noqa: TID253  only the trainer imports this module, when it trains
from numpy.typing import NDArray
from torch import Tensor, nn  # noqa: TID253
from torch.nn import functional  # noqa: TID253

from driftgate.compute.jobs import JobSpec
from driftgate.errors import ConfigError
from driftgate.training.network.columns import Columns
from driftgate.training.network.parameters import TorchParameters
from driftgate.training.network.share import Share

logger = logging.getLogger(__name__)
SEEDS_APART = 1_000_003  # the seed of an epoch; a job has fewer epochs than that
SCORED_TOGETHER = 16_384  # validation rows
VANISHED = 1e-8  # a mean gradient norm at which no weight moves any more
EXPLODED = 1e6  # one at which only the clipping still decides where weights go
UNLEARNT = 0.5  # share of a constant's loss: below, small gradients mean that there is nothing left to learn


@dataclass(frozen=True)
class Learnt:
    """How an epoch went: means over its batches, and rows a second."""

    loss: float
    gradient_norm: float
    rows_per_second: float


class Learning:
    """One network that is learnt, on one device, by this process's share of every batch."""

    def __init__(self, spec: JobSpec, parameters: TorchParameters, network: nn.Module, train: Columns, share: Share):
        self._spec, self._parameters, self._train, self._share = spec, parameters, train, share
        self.network = network
        self.device = train.labels.device
        self.optimiser = torch.optim.AdamW(
            network.parameters(), lr=parameters.learning_rate, weight_decay=parameters.weight_decay, fused=True
        )
        self._loss: Any = _loss_of(spec)
        self._run = _accelerated(network, parameters, share, self.device)

    def epoch(self, number: int) -> Learnt:
        """Learn from every training row once, in an order that seed and number determine."""
        started = time.perf_counter()
        torch.manual_seed(self._spec.seed * SEEDS_APART + number)
        order = torch.randperm(len(self._train)).to(self.device)
        self._run.train()
        loss, norm = torch.zeros((), device=self.device), torch.zeros((), device=self.device)
        batches = order.split(self._parameters.batch_size)
        for places in batches:
            step = self._step(places)
            loss += step[0]
            norm += step[1]
        seconds = time.perf_counter() - started
        learnt = Learnt(
            loss.item() / len(self._train), norm.item() / len(batches), len(self._train) / max(seconds, 1e-9)
        )
        require_sound(f"Job {self._spec.job_id}: epoch {number}", learnt, self._parameters, self._constant_loss())
        return learnt

    def _step(self, places: Tensor) -> tuple[Tensor, Tensor]:
        """Learn from one batch; return the sum of its losses and the norm of the gradient before clipping."""
        share = self._share
        share.rows = len(places)
        own = share.of(places)
        codes, numbers, missing = self._train.at(own)
        if self._parameters.unseen_share and codes.shape[1]:
            codes = codes.masked_fill(share.draw(codes.shape[1], self.device) < self._parameters.unseen_share, 0)
        with torch.autocast(
            self.device.type, torch.bfloat16, enabled=self._parameters.amp and self.device.type == "cuda"
        ):
            found = self._run(codes, numbers, missing)
        loss = self._loss(found.float(), self._train.labels[own], reduction="sum") * share.processes
        self.optimiser.zero_grad(set_to_none=True)
        (loss / share.rows).backward()
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), self._parameters.gradient_clip_norm)
        self.optimiser.step()
        return loss.detach(), norm.detach()

    def scores(self, rows: Columns) -> NDArray[np.float64]:
        """Return what the network says of ``rows`` in full precision, before any sigmoid or unit."""
        self.network.eval()
        with torch.no_grad():
            found = [
                self.network(*rows.at(slice(first, first + SCORED_TOGETHER)))
                for first in range(0, len(rows), SCORED_TOGETHER)
            ]
        scores: NDArray[np.float64] = torch.cat(found).cpu().numpy().astype(np.float64)
        return scores

    def _constant_loss(self) -> float:
        """Return the mean loss of the best constant answer."""
        labels = self._train.labels
        mean = labels.mean()
        constant = torch.special.logit(mean) if self._spec.problem == "binary" else mean
        return float(self._loss(constant.expand_as(labels), labels))


def _loss_of(spec: JobSpec) -> Any:
    """Return the loss whose best answer is what the metric asks for: a mean for RMSE, a median for MAE."""
    if spec.problem == "binary":
        return functional.binary_cross_entropy_with_logits
    return functional.l1_loss if spec.metric == "mae" else functional.mse_loss


def require_sound(where: str, learnt: Learnt, parameters: TorchParameters, constant_loss: float) -> None:
    """Return when the numbers of an epoch neither ran away nor died out.

    :param constant_loss: the mean loss of the best constant answer
    :raises ConfigError: they did
    """
    rate, clip = parameters.learning_rate, parameters.gradient_clip_norm
    if not math.isfinite(learnt.loss) or not learnt.gradient_norm < EXPLODED:
        raise ConfigError(
            f"{where}: the gradients exploded (mean norm {learnt.gradient_norm:.3g}, loss {learnt.loss:.3g}); lower "
            f"'learning_rate', now {rate:g}, or 'gradient_clip_norm', now {clip:g}."
        )
    if learnt.gradient_norm < VANISHED and learnt.loss > UNLEARNT * constant_loss:
        raise ConfigError(
            f"{where}: the gradients vanished (mean norm {learnt.gradient_norm:.3g}) before anything was learnt; lower "
            f"'learning_rate', now {rate:g}, or take fewer or wider 'hidden_sizes'."
        )


def _accelerated(network: nn.Module, parameters: TorchParameters, share: Share, device: torch.device) -> nn.Module:
    """Return the network as it is run in training: with the other processes, and compiled where that is asked for."""
    if share.processes > 1:
        network = nn.parallel.DistributedDataParallel(
            network, device_ids=[device] if device.type == "cuda" else None, broadcast_buffers=False
        )
    return torch.compile(network) if parameters.compile else network
