"""``target: auto``: on this machine while the data are small, elsewhere once they are not."""

from dataclasses import dataclass

from driftgate.compute.targets import find_auto, find_target

MIB = 2**20


@dataclass(frozen=True)
class Choice:
    """The target that was chosen, and why; ``reason`` is fit to be a tag."""

    target: str
    reason: str


def choose(size_bytes: int, *, needs_gpu: bool) -> Choice:
    """Return where a job goes whose dataset version has ``size_bytes`` of rows; the same question, the same answer.

    :raises ConfigError: ``compute.yaml`` does not say what to choose from
    """
    auto = find_auto()
    local = find_target(auto.local)
    expected = auto.memory_base_mib + size_bytes * auto.memory_per_byte / MIB
    if needs_gpu and not local.gpu:
        return Choice(auto.remote_gpu or auto.remote, f"auto: needs a GPU and {auto.local} has none")
    if size_bytes >= auto.local_max_bytes:
        return Choice(auto.remote, f"auto: {_mib(size_bytes)} of rows, local below {_mib(auto.local_max_bytes)}")
    if expected > local.memory_mib:
        return Choice(
            auto.remote, f"auto: {expected:.0f} MiB of memory expected, {auto.local} has {local.memory_mib} MiB"
        )
    return Choice(
        auto.local,
        f"auto: {_mib(size_bytes)} of rows, below {_mib(auto.local_max_bytes)}, and {expected:.0f} MiB of memory "
        f"expected, {auto.local} has {local.memory_mib} MiB",
    )


def _mib(size_bytes: int) -> str:
    return f"{size_bytes / MIB:.1f} MiB"
