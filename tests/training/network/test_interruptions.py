"""A network that was interrupted anywhere goes on and ends with the same bytes; a state of another one is refused."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from driftgate.compute import JobSpec
from driftgate.compute.jobs import Checkpoints, StopReason
from driftgate.compute.jobs import Interrupted as Killed
from driftgate.errors import Tampered
from driftgate.training import checkpoints
from driftgate.training.interruption import Interruption
from driftgate.training.network.parameters import TorchParameters
from driftgate.training.pace import Pace
from driftgate.training.run import Attended
from driftgate.training.torch_trainer import TRAINER
from driftgate.training.train import Trained, train
from driftgate.training.trainer import Resumed, State

torch = pytest.importorskip("torch", reason="networks are trained by torch, which comes with `make torch`")

NetworkSpec = Callable[..., JobSpec]


class Gone(Exception):
    """The machine went away."""


class Interrupted(Attended):
    """A run that keeps every state, as a checkpoint would, and is interrupted after these epochs."""

    def __init__(self, spec: JobSpec, patience: int, after: tuple[int, ...]) -> None:
        super().__init__(spec, patience)
        self._ends = list(after)
        self.saved: Resumed | None = None
        self.began: list[int] = []

    def resumed(self) -> Resumed | None:
        self.began.append(self.saved.iteration if self.saved else 0)
        return self.saved

    def after(self, iteration: int, value: float, state: Callable[[], State]) -> StopReason | None:
        reason = super().after(iteration, value, state)
        self.saved = Resumed(iteration, dict(state()))
        if iteration in self._ends:
            self._ends.remove(iteration)
            raise Gone
        return reason


def parameters_of(spec: JobSpec) -> TorchParameters:
    return TorchParameters.model_validate(spec.parameters)


@pytest.mark.parametrize("patience", [0, 3])
def test_three_interruptions_change_no_byte(
    network_spec: NetworkSpec, rows: pa.Table, prepared: Any, patience: int
) -> None:
    spec = network_spec(epochs=12, dropout=0.3, unseen_share=0.1, learning_rate=0.03, early_stopping_round=patience)
    found, encoding = prepared(spec, rows)
    undisturbed = TRAINER.fit(spec, parameters_of(spec), found, encoding, Attended(spec, patience))
    run = Interrupted(spec, patience, (1, 3, 4))
    for _ in range(3):
        with pytest.raises(Gone):
            TRAINER.fit(spec, parameters_of(spec), found, encoding, run)
    ended = TRAINER.fit(spec, parameters_of(spec), found, encoding, run)
    assert run.began == [0, 1, 3, 4]
    assert ended.model == undisturbed.model
    assert (ended.iterations, ended.stop_reason) == (undisturbed.iterations, undisturbed.stop_reason)


class Told(Interruption):
    """Notices that come after these epochs, each to another process."""

    def __init__(self, epochs: int) -> None:
        super().__init__()
        self._left = epochs

    @property
    def requested(self) -> bool:
        self._left -= 1
        return self._left < 0

    @requested.setter
    def requested(self, value: bool) -> None:
        assert not value


def test_from_checkpoints_in_the_lake_three_processes_one_after_the_other_end_with_the_same_bytes(
    network_spec: NetworkSpec, rows: pa.Table
) -> None:
    spec = network_spec(epochs=8, dropout=0.3, numeric_embedding="piecewise_linear", early_stopping_round=3)
    undisturbed = train(spec, rows)

    def attempt(epochs: int) -> Trained:
        def attend(asked: JobSpec, patience: int) -> Attended:
            return Attended(asked, patience, pace=Pace(Checkpoints(every_seconds=3600)), interruption=Told(epochs))

        return train(spec, rows, attend=attend)

    for epochs in (0, 1, 2):
        with pytest.raises(Killed):
            attempt(epochs)
    ended = attempt(100)
    assert checkpoints.newest(spec).manifest.iteration == 6
    assert ended.artefacts == undisturbed.artefacts
    assert ended.learnt == undisturbed.learnt


@pytest.mark.parametrize("state", [{}, {"network.npz": b"cut"}, {"network.npz": b""}, {"network.npz": b"PK\x03\x04"}])
def test_a_state_that_is_none_of_a_network_is_refused(
    network_spec: NetworkSpec, rows: pa.Table, prepared: Any, state: State
) -> None:
    spec = network_spec()
    run = Interrupted(spec, 0, ())
    run.saved = Resumed(2, state)
    with pytest.raises(Tampered, match="The checkpoint is not one of this network"):
        TRAINER.fit(spec, parameters_of(spec), *prepared(spec, rows), run)


def test_a_state_of_another_network_is_refused(network_spec: NetworkSpec, rows: pa.Table, prepared: Any) -> None:
    wide, narrow = network_spec(hidden_sizes=(32,)), network_spec(hidden_sizes=(8,))
    run = Interrupted(wide, 0, (1,))
    with pytest.raises(Gone):
        TRAINER.fit(wide, parameters_of(wide), *prepared(wide, rows), run)
    with pytest.raises(Tampered, match="not one of this network"):
        TRAINER.fit(narrow, parameters_of(narrow), *prepared(narrow, rows), run)
