"""What this process and its children use, looked at once a second."""

import resource
import sys
import tempfile
import time
from contextlib import suppress

import psutil

from driftgate.compute.gpus import Gpus, GpuState
from driftgate.records import Record

CHILDREN_EVERY = 5  # looks; a list of all processes costs more than everything else together


class Spread(Record):
    """How much of what a job was given it used, in percent, over the seconds it ran."""

    p50: float
    p95: float
    max: float


class Usage(Record):
    """What was used since measuring began. None: this machine has none, or does not tell."""

    seconds: float
    cpu_seconds: float
    gpu_seconds: float | None = None  # seconds that GPUs were busy, over all of them
    gpu_kwh: float | None = None  # that the GPUs counted themselves
    peak_memory_mib: float
    peak_gpu_memory_mib: float | None = None
    bytes_read: int | None = None  # from disks
    bytes_written: int | None = None
    bytes_received: int | None = None  # from the network, where it is the job's alone
    bytes_sent: int | None = None
    gpus: int = 0
    volume_gb: float | None = None
    cpu: Spread | None = None
    memory: Spread | None = None
    gpu: Spread | None = None
    gpu_memory: Spread | None = None
    disk: Spread | None = None


class Percents:
    """Counts of whole percents: their quantiles in a fixed amount of memory, however long the job runs."""

    def __init__(self) -> None:
        self._counts = [0] * 101
        self._max = 0.0

    def add(self, percent: float) -> None:
        """Count one look."""
        bounded = min(100.0, max(0.0, percent))
        self._max = max(self._max, bounded)
        self._counts[round(bounded)] += 1

    def spread(self) -> Spread | None:
        """Return the quantiles, or None when nothing was counted."""
        if not sum(self._counts):
            return None
        highest = round(self._max, 1)
        return Spread(p50=min(self._quantile(0.5), highest), p95=min(self._quantile(0.95), highest), max=highest)

    def _quantile(self, share: float) -> float:
        wanted, seen = share * sum(self._counts), 0
        for percent, count in enumerate(self._counts):
            seen += count
            if seen >= wanted:
                return float(percent)
        return 100.0


class Sampler:
    """Adds up what this process and its children use.

    :param cores: how many of them are all it may keep busy
    :param memory_mib: how much memory is all it may use
    :param own_network: whether nobody else sends through this network
    """

    def __init__(self, cores: float, memory_mib: float, *, own_network: bool) -> None:
        self._cores, self._limit_mib, self._own_network = cores, memory_mib, own_network
        self._self = psutil.Process()
        self._children = self._self.children(recursive=True)
        self._gpus, self._gpu_seconds, self._peak_gpu_mib = Gpus(), 0.0, 0.0
        self._kwh_before = self._gpus.kwh()
        self._percents = {name: Percents() for name in ("cpu", "memory", "gpu", "gpu_memory", "disk")}
        self._looks, self._cpu, self._peak_mib = 0, 0.0, 0.0
        self._started = self._at = time.monotonic()
        self._cpu_before, self._io_before, self._network_before = self._cpu_seconds(), self._io(), self._network()
        self._volume = tempfile.gettempdir()  # where a job unpacks what it works on

    def look(self) -> None:
        """Take one look."""
        now, cpu = time.monotonic(), max(self._cpu, self._cpu_seconds() - self._cpu_before)
        passed = now - self._at
        if self._looks % CHILDREN_EVERY == 0:
            with suppress(psutil.Error):
                self._children = self._self.children(recursive=True)
        memory = self._memory_mib()
        self._peak_mib = max(self._peak_mib, memory)
        if passed > 0:
            self._percents["cpu"].add(100 * (cpu - self._cpu) / passed / self._cores)
        self._percents["memory"].add(100 * memory / self._limit_mib)
        self._percents["disk"].add(psutil.disk_usage(self._volume).percent)
        if state := self._gpus.look():
            self._note_gpus(state, passed)
        self._looks, self._cpu, self._at = self._looks + 1, cpu, now

    def usage(self) -> Usage:
        """Return what was used up to the last look."""
        read, written = _differences(self._io_before, self._io())
        received, sent = _differences(self._network_before, self._network())
        return Usage(
            seconds=round(time.monotonic() - self._started, 3),
            cpu_seconds=round(self._cpu, 3),
            gpu_seconds=round(self._gpu_seconds, 3) if self._gpus else None,
            gpu_kwh=self._gpu_kwh(),
            peak_memory_mib=round(max(self._peak_mib, _peak_of_this_process_mib()), 1),
            peak_gpu_memory_mib=round(self._peak_gpu_mib, 1) if self._gpus else None,
            bytes_read=read,
            bytes_written=written,
            bytes_received=received,
            bytes_sent=sent,
            gpus=len(self._gpus),
            volume_gb=round(psutil.disk_usage(self._volume).total / 2**30, 1),
            **{name: percents.spread() for name, percents in self._percents.items()},
        )

    def _note_gpus(self, state: GpuState, passed: float) -> None:
        self._gpu_seconds += state.busy_percent / 100 * passed * len(self._gpus)
        self._peak_gpu_mib = max(self._peak_gpu_mib, state.memory_mib)
        self._percents["gpu"].add(state.busy_percent)
        self._percents["gpu_memory"].add(state.memory_percent)

    def _gpu_kwh(self) -> float | None:
        now = self._gpus.kwh()
        return None if now is None or self._kwh_before is None else round(now - self._kwh_before, 6)

    def _cpu_seconds(self) -> float:
        """Return the seconds of all, those of children that have ended too: they are added to their parent's."""
        total = 0.0
        for process in (self._self, *self._children):
            with suppress(psutil.Error):
                times = process.cpu_times()
                total += times.user + times.system + times.children_user + times.children_system
        return total

    def _memory_mib(self) -> float:
        total = 0
        for process in (self._self, *self._children):
            with suppress(psutil.Error):
                total += process.memory_info().rss
        return total / 2**20

    def _io(self) -> tuple[int, int] | None:
        try:
            counters = self._self.io_counters()
        except (AttributeError, psutil.Error):  # macOS does not tell
            return None
        return counters.read_bytes, counters.write_bytes

    def _network(self) -> tuple[int, int] | None:
        if not self._own_network:
            return None
        counters = psutil.net_io_counters()
        return counters.bytes_recv, counters.bytes_sent


def _differences(before: tuple[int, int] | None, now: tuple[int, int] | None) -> tuple[int | None, int | None]:
    if before is None or now is None:
        return None, None
    return now[0] - before[0], now[1] - before[1]


def _peak_of_this_process_mib() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10  # bytes on macOS, KiB on Linux
