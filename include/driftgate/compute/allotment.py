"""What this process may use of its machine: the smaller of what its target says and what its container allows."""

import os
from pathlib import Path

import psutil

CGROUP = Path("/sys/fs/cgroup")


def cores(asked: float | None) -> float:
    """Return how many cores the job may keep busy; ``asked`` is the target's, None when that is unknown."""
    quota, period = _words("cpu.max") or (*_words("cpu/cpu.cfs_quota_us"), *_words("cpu/cpu.cfs_period_us")) or ("", "")
    limits = [float(os.cpu_count() or 1)]
    if quota.isdecimal() and period.isdecimal():  # else "max" or -1: no limit
        limits.append(int(quota) / int(period))
    if asked:
        limits.append(float(asked))
    return min(limits)


def memory_mib(asked: float | None) -> float:
    """Return how much memory the job may use, in MiB."""
    limits = [float(psutil.virtual_memory().total)]
    limits += [
        float(word) for word in _words("memory.max") + _words("memory/memory.limit_in_bytes") if word.isdecimal()
    ]
    if asked:
        limits.append(asked * 2**20)
    return min(limits) / 2**20


def _words(file: str) -> tuple[str, ...]:
    try:
        return tuple((CGROUP / file).read_text().split())
    except OSError:  # another version of cgroups, or none, as on macOS
        return ()
