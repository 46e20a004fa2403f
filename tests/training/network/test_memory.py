"""A network that finds no memory says what was asked and used, on a GPU and without."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from driftgate.compute import JobSpec
from driftgate.errors import ConfigError
from driftgate.training.network.parameters import TorchParameters
from driftgate.training.run import Attended
from driftgate.training.torch_trainer import TRAINER

torch = pytest.importorskip("torch", reason="networks are trained by torch, which comes with `make torch`")

NetworkSpec = Callable[..., JobSpec]

FULL_GPU = (
    "CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has a total capacity of 15.77 GiB of which 1.20 GiB is "
    "free. Including non-PyTorch memory, this process has 14.57 GiB memory in use. Of the allocated memory 14.02 GiB "
    "is allocated by PyTorch, and 73.94 MiB is reserved by PyTorch but unallocated. If reserved but unallocated memory "
    "is large try setting PYTORCH_ALLOC_CONF=expandable_segments:True to avoid fragmentation."
)


def test_a_full_gpu_is_a_sentence_with_what_was_asked_and_used(
    network_spec: NetworkSpec, rows: pa.Table, prepared: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def greedy(*_: Any) -> None:
        raise torch.OutOfMemoryError(FULL_GPU)

    monkeypatch.setattr("driftgate.training.network.loop.Learning.epoch", greedy)
    spec = network_spec()
    with pytest.raises(ConfigError) as refused:
        TRAINER.fit(spec, TorchParameters.model_validate(spec.parameters), *prepared(spec, rows), Attended(spec, 0))
    assert "the GPU's memory is full: Tried to allocate 2.50 GiB." in str(refused.value)
    assert "14.57 GiB memory in use" in str(refused.value)
    assert "PYTORCH_ALLOC_CONF" not in str(refused.value)


def test_too_little_memory_of_the_machine_is_what_the_entrypoint_knows(
    network_spec: NetworkSpec, rows: pa.Table, prepared: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("driftgate.training.network.loop.Learning.epoch", lambda *_: torch.empty(2**50))
    spec = network_spec()
    with pytest.raises(MemoryError):
        TRAINER.fit(spec, TorchParameters.model_validate(spec.parameters), *prepared(spec, rows), Attended(spec, 0))
