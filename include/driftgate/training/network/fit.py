"""Fitting a network: from rows to the bytes of ``model.onnx``."""

import logging

import numpy as np
import torch  # noqa: TID253  only the trainer imports this module, when it trains

from driftgate.compute.jobs import JobSpec, StopReason
from driftgate.errors import ConfigError
from driftgate.evaluation.metrics import Floats, metric
from driftgate.models import Preprocessing
from driftgate.training.network.beginning import Beginning, begun, deterministic, device_of
from driftgate.training.network.columns import columns
from driftgate.training.network.export import require_parity, to_onnx
from driftgate.training.network.handover import Handover
from driftgate.training.network.loop import Learnt
from driftgate.training.network.module import Scoring
from driftgate.training.network.parameters import TorchParameters
from driftgate.training.network.scaling import scaling
from driftgate.training.network.state import Weights, pack, weights_of
from driftgate.training.network.team import led
from driftgate.training.rows import TrainingRows
from driftgate.training.trainer import Fitted, Resumed, Run

logger = logging.getLogger(__name__)
OUT_OF_MEMORY = "DefaultCPUAllocator: can't allocate memory"  # torch has no error of its own for it


def fit(spec: JobSpec, parameters: TorchParameters, rows: TrainingRows, prepared: Preprocessing, run: Run) -> Fitted:
    """Learn until the run says stop; the best epoch's network is exported where early stopping is on.

    :raises ConfigError: the GPU's memory is too small; the sentence says what was asked for
    :raises MemoryError: the machine's is
    """
    try:
        return _fitted(spec, parameters, rows, prepared, run)
    except torch.OutOfMemoryError as full:
        raise ConfigError(
            f"Job {spec.job_id}: the GPU's memory is full: {_asked_and_used(full)} Lower 'batch_size', now "
            f"{parameters.batch_size}, or 'row_share' (all training rows lie on the GPU), or name a target with more."
        ) from None
    except RuntimeError as error:
        if OUT_OF_MEMORY in str(error):
            raise MemoryError from error
        raise


def _asked_and_used(full: torch.OutOfMemoryError) -> str:
    """Return what torch says was tried and what there is, without its advice about its allocator."""
    return " ".join(str(full).removeprefix("CUDA out of memory.").split(" If reserved ")[0].split())


def _fitted(
    spec: JobSpec, parameters: TorchParameters, rows: TrainingRows, prepared: Preprocessing, run: Run
) -> Fitted:
    device = device_of(0)
    matrix, held = prepared.encode_table(rows.train.table), prepared.encode_table(rows.validation.table)
    handover = Handover(spec, prepared, matrix, rows.train.labels.astype(np.float64), run.resumed())
    generators = [device] if device.type == "cuda" else []
    with (
        deterministic(parameters, device),
        led(handover, device) as share,
        torch.random.fork_rng(devices=generators),
    ):
        beginning = begun(handover, parameters, share, device)
        watched = _Watched(beginning, held, rows.validation.labels, spec)
        epochs, reason, measured = watched.learn(run, parameters, handover.resumed)
    scoring = Scoring(beginning.rows, beginning.network.cpu(), beginning.unit)
    data = to_onnx(scoring, prepared)
    require_parity(data, scoring, prepared, held)
    return Fitted(data, epochs, reason, measured)


class _Watched:
    """A network that learns, and the validation rows that say how far it is."""

    def __init__(self, beginning: Beginning, held: Floats, labels: Floats, spec: JobSpec) -> None:
        self._beginning, self._learning = beginning, beginning.learning
        self._unit, self._labels, self._metric = beginning.unit, labels, metric(spec.metric)
        self._rows = columns(beginning.rows, held, labels, beginning.unit, self._learning.device)
        self._best: Weights = {}
        self._best_epoch = 0

    def learn(
        self, run: Run, parameters: TorchParameters, resumed: Resumed | None
    ) -> tuple[int, StopReason, dict[str, float]]:
        """Return how many epochs are in the network (the best one's with early stopping), why no more, and how fast."""
        epoch, self._best = self._beginning.resume(resumed)
        self._best_epoch = run.best_iteration
        measured = scaling(self._learning)
        reason: StopReason | None = None
        while epoch < parameters.epochs and reason is None:
            epoch += 1
            learnt = self._learning.epoch(epoch)
            value = self._value()
            _log(epoch, learnt, self._metric.name, value)
            reason = self._told(run, epoch, value)
            measured["rows_per_second"] = learnt.rows_per_second
        if parameters.early_stopping_round:
            self._beginning.network.load_state_dict(self._best)
            epoch = self._best_epoch
        return epoch, reason or "all_iterations", measured

    def _told(self, run: Run, epoch: int, value: float) -> StopReason | None:
        """Tell the run about an epoch, keep its weights where they are the best, and return why to stop."""
        learning, network = self._learning, self._beginning.network
        reason = run.after(epoch, value, lambda: pack(network, learning.optimiser, self._kept(run, epoch)))
        self._kept(run, epoch)
        learning.told(stop=reason is not None)
        return reason

    def _kept(self, run: Run, epoch: int) -> Weights:
        """Return the best weights, which are this epoch's when the run says so."""
        if run.best_iteration == epoch != self._best_epoch:
            self._best, self._best_epoch = weights_of(self._beginning.network), epoch
        return self._best

    def _value(self) -> float:
        """Return the spec's metric on the validation rows."""
        found = self._learning.scores(self._rows)
        scores = 1 / (1 + np.exp(-found)) if self._unit is None else found * self._unit[1] + self._unit[0]
        return self._metric.value(self._labels, scores)


def _log(epoch: int, learnt: Learnt, name: str, value: float) -> None:
    logger.info(
        "epoch %d: loss %.5f, gradient norm %.3g, validation %s %.5f, %.0f rows/s",
        *(epoch, learnt.loss, learnt.gradient_norm, name, value, learnt.rows_per_second),
    )
