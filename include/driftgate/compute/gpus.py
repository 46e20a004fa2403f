"""What the GPUs of this process do, as NVIDIA's own library tells it."""

import os
from dataclasses import dataclass
from typing import Any

MILLIJOULES_PER_KWH = 3.6e9


@dataclass(frozen=True)
class GpuState:
    """One moment: shares in percent, the mean of all GPUs; memory of all together."""

    busy_percent: float
    memory_percent: float
    memory_mib: float


class Gpus:
    """The GPUs that this process may use; none where there is no driver."""

    def __init__(self) -> None:
        self._handles: list[Any] = []
        try:
            import pynvml

            pynvml.nvmlInit()
            self._handles = [
                pynvml.nvmlDeviceGetHandleByIndex(index) for index in _visible(pynvml.nvmlDeviceGetCount())
            ]
        except Exception:  # no driver, no package, or a GPU that does not answer: the job runs all the same
            self._handles = []

    def __len__(self) -> int:
        return len(self._handles)

    def look(self) -> GpuState | None:
        """Return what they do now; None when there are none, or one does not answer."""
        if not self._handles:
            return None
        import pynvml

        try:
            busy = [float(pynvml.nvmlDeviceGetUtilizationRates(handle).gpu) for handle in self._handles]
            memory = [pynvml.nvmlDeviceGetMemoryInfo(handle) for handle in self._handles]
        except pynvml.NVMLError:
            return None
        used, total = (sum(getattr(one, name) for one in memory) for name in ("used", "total"))
        return GpuState(sum(busy) / len(busy), 100 * used / total, used / 2**20)

    def kwh(self) -> float | None:
        """Return the energy that they have counted since their driver was loaded; None when one does not count it."""
        if not self._handles:
            return None
        import pynvml

        try:
            millijoules = [pynvml.nvmlDeviceGetTotalEnergyConsumption(handle) for handle in self._handles]
        except pynvml.NVMLError:
            return None
        return float(sum(millijoules) / MILLIJOULES_PER_KWH)


def _visible(count: int) -> list[int]:
    """Return the numbers of the GPUs that CUDA would use; ids of another form are left to the container's own view."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is None or not all(name.strip().isdecimal() for name in named.split(",")):
        return [] if named == "" else list(range(count))
    return [index for index in map(int, named.split(",")) if index < count]
