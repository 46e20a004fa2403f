"""What several processes gain over one, measured before they begin to learn: a few batches, no weight moves."""

import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import torch  # noqa: TID253  only the trainer imports this module, when it trains
import torch.distributed as dist  # noqa: TID253

from driftgate.training.network.loop import Learning

logger = logging.getLogger(__name__)
BATCHES = 4  # the first of which is not counted
POOR = 0.5  # half of what the processes cost is wasted


def scaling(learning: Learning) -> dict[str, float]:
    """Return, of several processes, the share of a step that talk takes, and the gain as a share of the ideal one.

    Every process of the team calls it at the same moment. Only the leader's answer counts.
    """
    share, parallel = learning.share, learning.parallel
    if parallel is None:
        return {}
    together = _seconds(learning, nullcontext)
    silent = _seconds(learning, parallel.no_sync)
    rank, processes = share.rank, share.processes
    if rank == 0:
        share.processes = 1  # the whole batch, by the leader alone
        try:
            alone = _seconds(learning, parallel.no_sync)
        finally:
            share.processes = processes
    dist.barrier()
    if rank:
        return {}
    found = {
        "processes": float(processes),
        "communication_share": max(0.0, 1 - silent / together),
        "scaling_efficiency": alone / (processes * together),
    }
    if found["scaling_efficiency"] < POOR:
        logger.warning(
            "%d processes learn %.1f times as fast as one: that many do not pay; lower 'train.processes'",
            *(processes, alone / together),
        )
    return found


def _seconds(learning: Learning, quiet: Callable[[], AbstractContextManager[None]]) -> float:
    """Return the mean time of a batch's gradients."""
    started = 0.0
    for number in range(BATCHES):
        if number == 1:
            started = _now(learning)
        with quiet():
            learning.gradients(learning.first_batch())
    learning.optimiser.zero_grad(set_to_none=True)
    return (_now(learning) - started) / (BATCHES - 1)


def _now(learning: Learning) -> float:
    if learning.device.type == "cuda":
        torch.cuda.synchronize(learning.device)
    return time.perf_counter()
