"""Specs of networks so small that an epoch takes milliseconds, and runs that are interrupted."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from driftgate.compute import JobSpec
from driftgate.models import Preprocessing
from driftgate.training import training_spec
from driftgate.training.rows import TrainingRows, split_rows
from driftgate.training.torch_trainer import TRAINER
from driftgate.use_cases import UseCase

NOT_FEATURES = ("flight", "scheduled_departure")
SMALL = {"hidden_sizes": (16,), "epochs": 6, "batch_size": 128, "learning_rate": 0.01}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """The bytes of a network are those of one number of threads."""
    torch = pytest.importorskip("torch", reason="networks are trained by torch, which comes with `make torch`")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def network_spec(shaped: Callable[..., UseCase]) -> Callable[..., JobSpec]:
    """Return the spec of a small network, with these parameters changed."""

    def of(**parameters: Any) -> JobSpec:
        use_case = shaped(trainer="torch", parameters={**SMALL, **parameters})
        spec = training_spec(use_case, "flight_delays/2013-03-31-3f9c2a1", "job-1")
        return spec.model_copy(update={"not_features": NOT_FEATURES})

    return of


@pytest.fixture(scope="session")
def minutes(rows: pa.Table) -> pa.Table:
    """The same rows with minutes in the air for a label, between 80 and 300."""
    hour = rows.column("departure_hour").to_numpy()
    far = np.array([{"AA": 60, "B6": 100, "DL": 140, "UA": 180}[name] for name in rows.column("carrier").to_pylist()])
    noise = np.random.default_rng(8).normal(0, 3, len(hour))
    return rows.set_column(rows.column_names.index("label"), "label", pa.array(far + 5.0 * hour + noise))


@pytest.fixture
def prepared() -> Callable[[JobSpec, pa.Table], tuple[TrainingRows, Preprocessing]]:
    """Return the split rows of a spec and what encodes them."""

    def of(spec: JobSpec, table: pa.Table) -> tuple[TrainingRows, Preprocessing]:
        found = split_rows(spec, table)
        fitted = Preprocessing.fit(found.train.table, found.features, max_categories=TRAINER.max_categories)
        return found, fitted

    return of
