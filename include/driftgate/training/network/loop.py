"""Learning: epochs of batches that are picked on the device, watched for numbers that run away or die out."""

import logging
import math
import time
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch  # noqa: TID253  only the trainer imports this module, when it trains
import torch.distributed as dist  # noqa: TID253
from numpy.typing import NDArray
from torch import Tensor, nn  # noqa: TID253
from torch.nn import functional  # noqa: TID253

from driftgate.compute.jobs import JobSpec
from driftgate.errors import ConfigError
from driftgate.training.network.columns import Columns
from driftgate.training.network.parameters import TorchParameters
from driftgate.training.network.share import LEVELS, Share

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
        self._spec, self._parameters, self._train, self.share = spec, parameters, train, share
        self.network = network
        self.device = train.labels.device
        self.optimiser = torch.optim.AdamW(
            network.parameters(), lr=parameters.learning_rate, weight_decay=parameters.weight_decay, fused=True
        )
        self._loss: Any = _loss_of(spec)
        self._hidden = round(parameters.unseen_share * LEVELS)
        self.parallel = _parallel(network, self.device) if share.processes > 1 else None
        run = self.parallel or network
        self._run = torch.compile(run, mode=_mode(self.device, share)) if parameters.compile else run
        self._run.train()

    def epoch(self, number: int) -> Learnt:
        """Learn from every training row once, in an order that seed and number determine."""
        started = time.perf_counter()
        torch.manual_seed(self._spec.seed * SEEDS_APART + number)
        order = torch.randperm(len(self._train), device=self.device)
        self._run.train()
        loss, norm = torch.zeros((), device=self.device), torch.zeros((), device=self.device)
        batches = order.split(self._parameters.batch_size)
        for places in batches:
            self.optimiser.zero_grad(set_to_none=True)
            loss += self.gradients(places)
            norm += nn.utils.clip_grad_norm_(self.network.parameters(), self._parameters.gradient_clip_norm)
            self.optimiser.step()
        seconds = time.perf_counter() - started
        learnt = Learnt(
            loss.item() / len(self._train), norm.item() / len(batches), len(self._train) / max(seconds, 1e-9)
        )
        require_sound(f"Job {self._spec.job_id}: epoch {number}", learnt, self._parameters, self._constant_loss)
        return learnt

    def gradients(self, places: Tensor) -> Tensor:
        """Add the gradients of the batch of rows at ``places``; return the sum of its losses."""
        share = self.share
        share.rows = len(places)
        own = share.of(places)
        codes, numbers, missing = self._train.at(own)
        if self._hidden and codes.shape[1]:
            known = share.draw(codes.shape[1], self.device) >= self._hidden
            codes = codes * known  # what is hidden has the code of the unseen, 0
        with torch.autocast(
            self.device.type, torch.bfloat16, enabled=self._parameters.amp and self.device.type == "cuda"
        ):
            found = self._run(codes, numbers, missing)
        # The processes' gradients are averaged, each with the weight of one: so each counts its rows that many times.
        loss = self._loss(found.float(), self._train.labels.index_select(0, own), reduction="sum") * share.processes
        (loss / share.rows).backward()
        return loss.detach()

    def first_batch(self) -> Tensor:
        """Return the places of some rows, as many as a batch has."""
        return torch.arange(min(len(self._train), self._parameters.batch_size), device=self.device)

    def told(self, *, stop: bool = False) -> bool:
        """Return whether the leader says that training stops; the leader itself says ``stop``."""
        if self.parallel is None:
            return stop
        word = torch.tensor([stop], dtype=torch.int32, device=self.device)
        dist.broadcast(word, 0)
        return bool(word.item())

    def scores(self, rows: Columns) -> NDArray[np.float64]:
        """Return what the network says of ``rows`` in full precision, before any sigmoid or unit."""
        self.network.eval()
        with torch.no_grad():
            found = [
                self.network(*rows.between(first, first + SCORED_TOGETHER))
                for first in range(0, len(rows), SCORED_TOGETHER)
            ]
        scores: NDArray[np.float64] = torch.cat(found).cpu().numpy().astype(np.float64)
        return scores

    @cached_property
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


def _mode(device: torch.device, share: Share) -> str | None:
    """Return how torch compiles: on one GPU into graphs that are launched whole, for launching costs more than work."""
    return "reduce-overhead" if device.type == "cuda" and share.processes == 1 else None


def _parallel(network: nn.Module, device: torch.device) -> Any:
    """Return the network as one whose gradients are those of all processes' rows."""
    devices = [device] if device.type == "cuda" else None
    return nn.parallel.DistributedDataParallel(network, device_ids=devices)
