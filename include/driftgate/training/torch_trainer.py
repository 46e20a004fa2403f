"""Trains a tabular network with torch, which is imported only when training begins: a spec is made without it."""

from typing import ClassVar, cast

from driftgate.compute.jobs import JobSpec
from driftgate.errors import NotSupported
from driftgate.models import Preprocessing
from driftgate.training.network.parameters import TorchParameters
from driftgate.training.parameters import TrainerParameters
from driftgate.training.rows import TrainingRows
from driftgate.training.trainer import Fitted, Run
from driftgate.use_cases import Problem


class TorchTrainer:
    """Embeddings and layers, an epoch an iteration; exported to ONNX, so that nothing that serves needs torch."""

    problems: ClassVar[frozenset[Problem]] = frozenset({"binary", "regression"})
    parameters: ClassVar[type[TrainerParameters]] = TorchParameters
    model_file: ClassVar[str] = "model.onnx"
    max_processes: ClassVar[int] = 64
    max_categories: ClassVar[int] = 10_000  # thousands of tail numbers; each has a vector of its own

    def fit(
        self, spec: JobSpec, parameters: TrainerParameters, rows: TrainingRows, prepared: Preprocessing, run: Run
    ) -> Fitted:
        """Learn until the run says stop, and keep the best epoch where early stopping is on."""
        try:
            from driftgate.training.network.fit import fit
        except ImportError as missing:
            raise NotSupported(
                f"The trainer 'torch' needs the package {missing.name!r}, which is not installed here; run `make "
                "torch`, or use a compute target whose image has it."
            ) from None
        return fit(spec, cast("TorchParameters", parameters), rows, prepared, run)


TRAINER = TorchTrainer()
