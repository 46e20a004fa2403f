"""Learning a tabular network: Driftgate's loop against the usual one (Dataset, DataLoader with workers).

Made-up flights with the columns of ``air_time``. Both learn the same network with the same optimiser and batch size
from the same rows in memory, in one process with as many threads; each is timed over whole epochs after a first one
that is not counted. The run fails when the two do not learn alike. What a row costs at least (operations and bytes) is
computed before anything is timed, and set against what this machine does in one large matrix product and one large
copy. The part for a GPU runs where there is one.
"""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

# A thread that waits sleeps, as it does in a job: on a machine that does other work too, spinning takes its cores.
os.environ |= {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "0"}

import numpy as np
import pyarrow as pa
import torch
from measurements import Row, run_script
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from driftgate.compute import JobSpec
from driftgate.models import Preprocessing
from driftgate.training.network.beginning import Beginning, begun, deterministic
from driftgate.training.network.columns import Columns
from driftgate.training.network.handover import Handover
from driftgate.training.network.module import Dropout
from driftgate.training.network.parameters import TorchParameters
from driftgate.training.network.share import Share

OURS, THEIRS, LIMIT = "Driftgate", "Dataset and DataLoader", "this machine at most"
WORKERS = 2
# The parameters of ``air_time``, and a network half as wide on batches four times as large.
NETWORKS = {
    "128 and 64 wide": TorchParameters(hidden_sizes=(128, 64), embedding_max=8, dropout=0.0, batch_size=512),
    "64 and 32 wide": TorchParameters(hidden_sizes=(64, 32), embedding_max=8, dropout=0.0, batch_size=2048),
}
ON_GPU = TorchParameters(hidden_sizes=(512, 256), batch_size=65_536)
KINDS_OF_GPU_RUN: dict[str, dict[str, bool]] = {
    OURS: {},
    f"{OURS}, in any order": {"deterministic": False},
    f"{OURS}, in any order, compiled": {"deterministic": False, "compile": True},
}
NOTES = {
    "gpu": """
Layers 512 and 256 wide, bfloat16. The floor counts what a row needs at least; layers this small stay far below it, for
they wait for memory and for launches.""",
}
LOSSES_APART = 0.05  # share; the two see the rows in another order
WORDS = {"carrier": 16, "origin": 3, "dest": 105, "tail_number": 4000}
NUMBERS = 12


def measure(quick: bool, folder: Path) -> list[Row]:
    count, epochs = (20_000, 1) if quick else (200_000, 3)
    rows = [row for name, parameters in NETWORKS.items() for row in _compared(name, parameters, count, epochs)]
    if torch.cuda.is_available():
        return rows + _on_gpu(500_000 if quick else 5_000_000)
    print("There is no GPU here, so the part for one did not run.")
    return rows


def _compared(network: str, parameters: TorchParameters, count: int, epochs: int) -> list[Row]:
    device = torch.device("cpu")
    beginning = _beginning(parameters, count, device)
    name = f"{count:,} rows, batches of {parameters.batch_size:,}, layers {network}"
    limits = _limits(beginning, parameters, name, device, torch.float32)
    ours = _timed(lambda number: beginning.learning.epoch(number).loss, epochs)
    theirs = _timed(_usual_loop(_beginning(parameters, count, device), parameters), epochs)
    if abs(ours[1] - theirs[1]) > LOSSES_APART * theirs[1]:
        sys.exit(f"The two do not learn alike, so nothing is compared: losses {ours[1]:.4f} and {theirs[1]:.4f}")
    measured = f"learn from {name}"
    return [
        Row(measured, OURS, count / ours[0], "rows/s"),
        Row(measured, THEIRS, count / theirs[0], "rows/s"),
        Row(f"{measured}: as fast as the usual loop", OURS, theirs[0] / ours[0], "times"),
        *limits,
    ]


def _beginning(parameters: TorchParameters, count: int, device: torch.device) -> Beginning:
    table, minutes = _flights(count)
    spec = JobSpec(
        job_id="bench",
        use_case="air_time",
        dataset_version="air_time/2013-03-31-3f9c2a1",
        target="local_small",
        problem="regression",
        trainer="torch",
        metric="rmse",
        seed=7,
        parameters=parameters.model_dump(),
        request_key=(),
        event_time="scheduled_departure",
        not_features=(),
    )
    encoding = Preprocessing.fit(table, table.column_names, max_categories=10_000)
    handover = Handover(spec, encoding, encoding.encode_table(table), minutes, None)
    return begun(handover, parameters, Share(), device)


def _flights(count: int) -> tuple[pa.Table, np.ndarray]:
    draw = np.random.default_rng(4)
    codes = {name: draw.integers(0, size, count) for name, size in WORDS.items()}
    numbers = {f"number_{place}": draw.normal(size=count).astype(np.float32) for place in range(NUMBERS)}
    far = draw.uniform(40, 600, WORDS["dest"])
    minutes = far[codes["dest"]] + 8 * numbers["number_0"] + draw.normal(0, 5, count)
    words = {name: pa.array(np.char.add(name[0], found.astype(str))) for name, found in codes.items()}
    return pa.table({**words, **{name: pa.array(values) for name, values in numbers.items()}}), minutes


def _timed(epoch: Callable[[int], float], epochs: int) -> tuple[float, float]:
    """Return the seconds of one epoch, the first of all not counted, and the loss of the last."""
    epoch(1)
    started = time.perf_counter()
    for number in range(2, epochs + 2):
        loss = epoch(number)
    return (time.perf_counter() - started) / epochs, loss


class Flights(Dataset):  # type: ignore[misc]  # mypy does not read torch
    """Rows one by one, as a Dataset gives them."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns

    def __len__(self) -> int:
        return len(self._columns)

    def __getitem__(self, place: int) -> tuple[Tensor, ...]:
        found = self._columns
        return found.codes[place], found.numbers[place], found.missing[place], found.labels[place]


def _usual_loop(beginning: Beginning, parameters: TorchParameters) -> Callable[[int], float]:
    learning, network = beginning.learning, beginning.network
    for place, layer in enumerate(network.layers):
        if isinstance(layer, Dropout):
            network.layers[place] = nn.Dropout(parameters.dropout)
    loader = DataLoader(
        Flights(learning._train),
        batch_size=parameters.batch_size,
        shuffle=True,
        num_workers=WORKERS,
        persistent_workers=True,
    )
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=parameters.learning_rate, weight_decay=parameters.weight_decay
    )
    loss_of = nn.MSELoss()

    def epoch(_: int) -> float:
        network.train()
        total = 0.0
        for codes, numbers, missing, labels in loader:
            optimiser.zero_grad()
            loss = loss_of(network(codes, numbers, missing), labels)
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), parameters.gradient_clip_norm)
            optimiser.step()
            total += loss.item() * len(labels)
        return total / len(loader.dataset)

    return epoch


def _limits(
    beginning: Beginning, parameters: TorchParameters, name: str, device: torch.device, kind: torch.dtype
) -> list[Row]:
    """Return the operations and bytes that a row costs at least, and the rows a second that they allow here."""
    layers = [layer for layer in beginning.network.layers if isinstance(layer, nn.Linear)]
    operations = 6 * sum(layer.weight.numel() for layer in layers)  # forward, and backward to weights and to inputs
    train, weights = beginning.learning._train, sum(one.numel() for one in beginning.network.parameters())
    row = 8 * train.codes.shape[1] + 4 * (train.numbers.shape[1] + train.missing.shape[1] + 1)
    # A step reads weight, gradient and two moments and writes all but the gradient, whatever the batch.
    bytes_moved = row + 4 * 7 * weights / parameters.batch_size
    allowed = 1 / (operations / _operations_per_second(device, kind) + bytes_moved / _bytes_per_second(device))
    return [
        Row(f"a row at least, {name}", LIMIT, operations, "operations"),
        Row(f"a row at least, {name}", LIMIT, bytes_moved, "bytes"),
        Row(f"learn from {name}", LIMIT, allowed, "rows/s"),
    ]


def _operations_per_second(device: torch.device, kind: torch.dtype) -> float:
    size = 1024 if device.type == "cpu" else 8192
    left, right = (torch.randn(size, size, device=device, dtype=kind) for _ in range(2))
    return 2 * size**3 / _fastest(lambda: left @ right, device)


def _bytes_per_second(device: torch.device) -> float:
    source = torch.randn(2**24, device=device)
    target = torch.empty_like(source)
    return 2 * 4 * 2**24 / _fastest(lambda: target.copy_(source), device)


def _fastest(work: Callable[[], object], device: torch.device) -> float:
    seconds = []
    for _ in range(8):
        started = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def _on_gpu(count: int) -> list[Row]:
    device = torch.device("cuda", 0)
    name = f"{count:,} rows, batches of {ON_GPU.batch_size:,}, {torch.cuda.get_device_name(device)}"
    rows = _limits(_beginning(ON_GPU, count, device), ON_GPU, name, device, torch.bfloat16)
    for subject, changes in KINDS_OF_GPU_RUN.items():
        rows += _learnt_on_gpu(name, subject, ON_GPU.model_copy(update=changes), count, device)
    return [replace(row, part="gpu") for row in rows]


def _learnt_on_gpu(name: str, subject: str, parameters: TorchParameters, count: int, device: torch.device) -> list[Row]:
    with deterministic(parameters, device):
        beginning = _beginning(parameters, count, device)
        seconds, _ = _timed(lambda number: beginning.learning.epoch(number).loss, 10)
        busy = 100 * _working_seconds(beginning) / seconds
    return [
        Row(f"learn from {name}", subject, count / seconds, "rows/s"),
        Row(f"{name}: the GPU is busy", subject, busy, "% of the time"),
    ]


def _working_seconds(beginning: Beginning) -> float:
    """Return how long the GPU works in an epoch, whatever it waits for in between (a profiler makes it wait longer)."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
        beginning.learning.epoch(99)
    return float(sum(event.self_device_time_total for event in profile.key_averages())) / 1e6


if __name__ == "__main__":
    run_script(__doc__ or "", measure, NOTES)
