"""What a trainer is: one file that learns a model from rows, and tells the run about every iteration."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import ClassVar, Protocol

from driftgate.compute.jobs import JobSpec, StopReason
from driftgate.errors import NotSupported, nearest
from driftgate.models import Preprocessing
from driftgate.training.parameters import TrainerParameters
from driftgate.training.rows import TrainingRows
from driftgate.use_cases import Problem

# name → module; imported only when it is asked for, because torch takes seconds and may not be installed.
TRAINERS = {
    "lightgbm": "driftgate.training.lightgbm_trainer",
    "torch": "driftgate.training.torch_trainer",
}

State = Mapping[str, bytes]  # what a checkpoint holds, by name; a trainer reads its own back


@dataclass(frozen=True)
class Resumed:
    """A checkpoint that was found: training goes on after ``iteration``."""

    iteration: int
    state: State


class Run(Protocol):
    """What a trainer is given to report to; it owns checkpoints, interruptions and the rules for stopping."""

    @property
    def watched(self) -> bool:
        """Whether anything follows from the values of iterations; else a trainer need not measure or tell them."""

    @property
    def best_iteration(self) -> int:
        """The iteration with the best value so far, over all attempts; 0 before the first."""

    def resumed(self) -> Resumed | None:
        """Return the newest checkpoint of this job that is whole, or None."""

    def after(self, iteration: int, value: float, state: Callable[[], State]) -> StopReason | None:
        """Take note of an iteration and return why training must stop now, or None.

        :param iteration: number of iterations done, counted from 1 over all attempts
        :param value: the spec's metric on the validation rows after it
        :param state: makes what a checkpoint holds; called only when one is due
        :raises Interrupted: the machine is about to go (SIGTERM); a checkpoint was saved
        :raises ConfigError: the value is not finite
        """


@dataclass(frozen=True)
class Fitted:
    """A model: its file's bytes, how many iterations are in it, and why there are no more."""

    model: bytes
    iterations: int
    stop_reason: StopReason
    measured: Mapping[str, float] = field(default_factory=dict)  # what the trainer alone knows: its speed


class Trainer(Protocol):
    """Learns one kind of model. The module of a trainer has one, called ``TRAINER``.

    With an ``early_stopping_round`` above 0 it returns the model of ``run.best_iteration``, else the last one.
    """

    problems: ClassVar[frozenset[Problem]]
    parameters: ClassVar[type[TrainerParameters]]  # what 'train.parameters' of a use case may say
    model_file: ClassVar[str]
    max_processes: ClassVar[int]  # that train one model together
    max_categories: ClassVar[int]  # of one feature; rarer ones share the code of the unseen

    def fit(
        self, spec: JobSpec, parameters: TrainerParameters, rows: TrainingRows, prepared: Preprocessing, run: Run
    ) -> Fitted:
        """Learn from ``rows.train``, watching ``rows.validation``; the same arguments give the same bytes on a CPU.

        :raises ConfigError: these rows cannot be learnt from with these parameters
        """


def find_trainer(name: str) -> Trainer:
    """Return the trainer called ``name``.

    :raises NotSupported: there is none, or a package that it needs is not installed
    """
    if name not in TRAINERS:
        raise NotSupported(f"There is no trainer {name!r}{nearest(name, TRAINERS)}")
    try:
        module = import_module(TRAINERS[name])
        trainer: Trainer = module.TRAINER
    except ImportError as missing:
        raise NotSupported(
            f"The trainer {name!r} needs the package {missing.name!r}, which is not installed here; run `make torch`, "
            "or use a compute target whose image has it."
        ) from None
    return trainer
