"""What is measured is what was used, the children's share too."""

import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from driftgate.compute import allotment
from driftgate.compute.gpus import Gpus
from driftgate.compute.sampler import Percents, Sampler

BUSY = "import time\nwhile time.process_time() < 0.5: pass"


@given(st.lists(st.floats(0, 100), min_size=1, max_size=200))
def test_quantiles_are_those_of_the_looks_to_a_percent(looks: list[float]) -> None:
    percents = Percents()
    for look in looks:
        percents.add(look)
    spread, ordered = percents.spread(), sorted(looks)
    assert spread is not None
    for share, quantile in ((0.5, spread.p50), (0.95, spread.p95)):
        exact = ordered[max(0, -(-int(share * 100) * len(looks) // 100) - 1)]
        assert abs(quantile - exact) <= 0.6
    assert spread.max == round(ordered[-1], 1)


def test_nothing_looked_at_is_none() -> None:
    assert Percents().spread() is None


def test_the_seconds_and_the_memory_of_children_count() -> None:
    sampler = Sampler(1, 10_000, own_network=False)
    child = subprocess.Popen([sys.executable, "-c", f"{BUSY}\nheld = bytes(80 * 2**20)\ntime.sleep(60)"])
    deadline = time.monotonic() + 60
    alone = sampler.usage().peak_memory_mib
    while sampler.usage().cpu_seconds < 0.5 and time.monotonic() < deadline:
        time.sleep(0.05)
        sampler.look()
    time.sleep(0.3)
    sampler.look()
    child.kill()
    child.wait()
    sampler.look()
    usage = sampler.usage()
    assert usage.cpu_seconds >= 0.5  # also after it has gone
    assert usage.peak_memory_mib > alone


def test_what_children_used_before_does_not_count() -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", f"{BUSY}\nprint(flush=True)\ntime.sleep(60)"], stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    child.stdout.readline()
    sampler = Sampler(1, 10_000, own_network=False)
    sampler.look()
    child.kill()
    child.communicate()
    sampler.look()
    assert sampler.usage().cpu_seconds < 0.4


def test_bytes_written_are_counted_from_the_beginning(tmp_path: Path) -> None:
    sampler = Sampler(1, 10_000, own_network=True)
    (tmp_path / "file").write_bytes(bytes(2**20))
    usage = sampler.usage()
    assert usage.bytes_written is None or usage.bytes_written >= 0
    assert usage.bytes_received is not None
    assert Sampler(1, 10_000, own_network=False).usage().bytes_received is None


def test_a_container_s_limits_are_kept_in_both_versions_of_cgroups(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(allotment, "CGROUP", tmp_path)
    assert allotment.cores(0.5) == 0.5
    assert allotment.memory_mib(100) == 100
    (tmp_path / "cpu.max").write_text("25000 100000\n")
    (tmp_path / "memory.max").write_text(f"{64 * 2**20}\n")
    assert (allotment.cores(2), allotment.memory_mib(100)) == (0.25, 64)
    (tmp_path / "cpu.max").write_text("max 100000\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert (allotment.cores(0.5), allotment.memory_mib(100)) == (0.5, 100)
    for file in ("cpu.max", "memory.max"):
        (tmp_path / file).unlink()
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text("50000\n")
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    assert allotment.cores(2) == 0.5
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text("-1\n")
    assert allotment.cores(0.5) == 0.5


class Nvml:
    """Two GPUs as pynvml tells of them; there is none on most machines that run this."""

    NVMLError = RuntimeError
    nvmlInit = staticmethod(lambda: None)
    nvmlDeviceGetCount = staticmethod(lambda: 2)
    nvmlDeviceGetHandleByIndex = staticmethod(lambda index: index)
    nvmlDeviceGetUtilizationRates = staticmethod(lambda handle: SimpleNamespace(gpu=(90, 10)[handle]))
    nvmlDeviceGetMemoryInfo = staticmethod(lambda _: SimpleNamespace(used=2**30, total=4 * 2**30))
    nvmlDeviceGetTotalEnergyConsumption = staticmethod(lambda _: int(time.monotonic() * 1e9))  # a megawatt, to be seen


def test_gpus_are_looked_at_together_and_only_those_of_this_job(monkeypatch: Any) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", Nvml)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    sampler = Sampler(1, 10_000, own_network=False)
    time.sleep(0.05)
    sampler.look()
    usage = sampler.usage()
    assert (usage.gpus, usage.peak_gpu_memory_mib) == (2, 2048)
    assert usage.gpu_kwh is not None
    assert 0 < usage.gpu_kwh < 1
    assert usage.gpu is not None
    assert usage.gpu_memory is not None
    assert (usage.gpu.p50, usage.gpu_memory.max) == (50, 25)
    assert usage.gpu_seconds is not None
    assert 0.05 <= usage.gpu_seconds <= usage.seconds  # both half busy: one second of GPU a second

    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    state = Gpus().look()
    assert state is not None
    assert state.busy_percent == 10
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert Gpus().look() is None
