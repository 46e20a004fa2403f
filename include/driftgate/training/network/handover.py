"""What the leader of a training hands to its followers: the very rows, encoded, so that none of them reads a lake."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from driftgate.compute.jobs import JobSpec
from driftgate.models import Preprocessing
from driftgate.training.trainer import Resumed


@dataclass(frozen=True)
class Handover:
    """A training as all its processes begin it."""

    spec: JobSpec
    preprocessing: Preprocessing
    matrix: NDArray[np.float64]
    labels: NDArray[np.float64]
    resumed: Resumed | None

    def write(self, folder: Path) -> None:
        """Write it into an empty folder of this user's own."""
        (folder / "spec.json").write_bytes(self.spec.canonical())
        (folder / "preprocessing.json").write_bytes(self.preprocessing.canonical())
        np.save(folder / "matrix.npy", self.matrix, allow_pickle=False)
        np.save(folder / "labels.npy", self.labels, allow_pickle=False)
        if self.resumed:
            (folder / "state" / str(self.resumed.iteration)).mkdir(parents=True)
            for name, data in self.resumed.state.items():
                (folder / "state" / str(self.resumed.iteration) / name).write_bytes(data)

    @classmethod
    def read(cls, folder: Path) -> "Handover":
        """Return what was written into ``folder``; the rows stay in the file's pages, which all processes share."""
        return cls(
            JobSpec.model_validate_json((folder / "spec.json").read_bytes()),
            Preprocessing.model_validate_json((folder / "preprocessing.json").read_bytes()),
            np.load(folder / "matrix.npy", mmap_mode="r", allow_pickle=False),
            np.load(folder / "labels.npy", allow_pickle=False),
            next((Resumed(int(path.name), _state(path)) for path in folder.glob("state/*")), None),
        )


def _state(folder: Path) -> Mapping[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}
