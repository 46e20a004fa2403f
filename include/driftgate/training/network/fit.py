"""Fitting a network: from rows to the bytes of ``model.onnx``."""

import logging

import numpy as np
import torch  # noqa: TID253  only the trainer imports this module, when it trains

from driftgate.compute.jobs import JobSpec, StopReason
from driftgate.evaluation.metrics import Floats, metric
from driftgate.models import Preprocessing
from driftgate.training.network.columns import Columns, columns
from driftgate.training.network.export import require_parity, to_onnx
from driftgate.training.network.loop import Learning, Learnt
from driftgate.training.network.module import Network, Rows, Scoring
from driftgate.training.network.parameters import TorchParameters
from driftgate.training.network.share import Share
from driftgate.training.network.state import Weights, pack, unpack, weights_of
from driftgate.training.rows import TrainingRows
from driftgate.training.trainer import Fitted, Run

logger = logging.getLogger(__name__)
Unit = tuple[float, float] | None  # mean and standard deviation of a regression's labels


def fit(spec: JobSpec, parameters: TorchParameters, rows: TrainingRows, prepared: Preprocessing, run: Run) -> Fitted:
    """Learn until the run says stop; the best epoch's network is exported where early stopping is on."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    matrix, held = prepared.encode_table(rows.train.table), prepared.encode_table(rows.validation.table)
    split = Rows(prepared, matrix)
    unit = _unit(spec, rows.train.labels)
    share = Share()
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        train = columns(split, matrix, rows.train.labels, unit, device)
        torch.manual_seed(spec.seed)
        network = Network(split, train.numbers.cpu().numpy(), parameters, share).to(device)
        learning = Learning(spec, parameters, network, train, share)
        validation = columns(split, held, rows.validation.labels, unit, device)
        watched = _Watched(learning, validation, rows.validation.labels, spec, unit)
        epochs, reason = watched.learn(run, parameters)
    scoring = Scoring(split, network.cpu(), unit)
    data = to_onnx(scoring, prepared)
    require_parity(data, scoring, prepared, held)
    return Fitted(data, epochs, reason)


def _unit(spec: JobSpec, labels: Floats) -> Unit:
    return None if spec.problem == "binary" else (float(labels.mean()), float(labels.std()))


class _Watched:
    """Learning, with the validation rows that say how far it is."""

    def __init__(self, learning: Learning, validation: Columns, labels: Floats, spec: JobSpec, unit: Unit) -> None:
        self._learning, self._validation, self._labels, self._spec = learning, validation, labels, spec
        self._unit = unit
        self._best: Weights = {}
        self._best_epoch = 0

    def learn(self, run: Run, parameters: TorchParameters) -> tuple[int, StopReason]:
        """Return how many epochs are in the network, which is the best one's with early stopping, and why no more."""
        learning = self._learning
        epoch, reason = 0, None
        if found := run.resumed():
            epoch, self._best_epoch = found.iteration, run.best_iteration
            self._best = unpack(found.state, learning.network, learning.optimiser)
        while epoch < parameters.epochs and reason is None:
            epoch += 1
            learnt = learning.epoch(epoch)
            value = self._value()
            _log(epoch, learnt, self._spec.metric, value)
            reason = self._told(run, epoch, value)
        if parameters.early_stopping_round:
            learning.network.load_state_dict(self._best)
            epoch = self._best_epoch
        return epoch, reason or "all_iterations"

    def _told(self, run: Run, epoch: int, value: float) -> StopReason | None:
        """Tell the run about an epoch, keep its weights where they are the best, and return why to stop."""
        learning = self._learning
        reason = run.after(epoch, value, lambda: pack(learning.network, learning.optimiser, self._kept(run, epoch)))
        self._kept(run, epoch)
        return reason

    def _kept(self, run: Run, epoch: int) -> Weights:
        """Return the best weights, which are this epoch's when the run says so."""
        if run.best_iteration == epoch != self._best_epoch:
            self._best, self._best_epoch = weights_of(self._learning.network), epoch
        return self._best

    def _value(self) -> float:
        """Return the spec's metric on the validation rows."""
        found = self._learning.scores(self._validation)
        scores = 1 / (1 + np.exp(-found)) if self._unit is None else found * self._unit[1] + self._unit[0]
        return metric(self._spec.metric).value(self._labels, scores)


def _log(epoch: int, learnt: Learnt, metric: str, value: float) -> None:
    logger.info(
        "epoch %d: loss %.5f, gradient norm %.3g, validation %s %.5f, %.0f rows/s",
        *(epoch, learnt.loss, learnt.gradient_norm, metric, value, learnt.rows_per_second),
    )
