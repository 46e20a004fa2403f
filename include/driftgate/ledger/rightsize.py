"""Which compute targets are too large or too small, judged by what jobs on them really used."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Literal

from driftgate.compute.targets import Target, find_target, target_names
from driftgate.ledger.prices import Machine, RightsizeRules, price, price_table
from driftgate.ledger.rows import LedgerRow
from driftgate.ledger.rows import rows as ledger_rows
from driftgate.records import Record

Finding = Literal["step_up", "cpu_target", "fewer_nodes", "step_down"]


class Recommendation(Record):
    """What to do about a target, why, and which attempts say so."""

    target: str
    finding: Finding
    sentence: str
    proposed: str | None  # another target of compute.yaml that fits; None: none does
    saves_percent: float | None  # of the price per hour; negative costs more
    attempts: tuple[str, ...]


def recommend(rules: RightsizeRules | None = None) -> list[Recommendation]:
    """Return a recommendation for each target of ``compute.yaml`` that its jobs do not fit."""
    rules = rules or price_table().rightsizing
    targets = {name: find_target(name) for name in target_names()}
    by_target: dict[str, list[LedgerRow]] = defaultdict(list)
    for row in ledger_rows():
        if (
            row.kind == "job"
            and row.outcome == "succeeded"
            and row.seconds >= rules.min_seconds
            and row.target in targets
        ):
            by_target[row.target].append(row)
    judged = [judge(name, by_target[name], targets, rules) for name in sorted(by_target)]
    return [found for found in judged if found]


def judge(
    name: str, found: Sequence[LedgerRow], targets: Mapping[str, Target], rules: RightsizeRules
) -> Recommendation | None:
    """Return what the first rule that applies to the newest attempts on a target says; None when it fits."""
    newest = found[-rules.attempts :]
    if len(newest) < rules.min_attempts:
        return None
    target = targets[name]
    cpu, memory, gpu = (_typical(getattr(row, what) for row in newest) for what in ("cpu", "memory", "gpu"))
    peak = max(row.peak_memory_mib or 0.0 for row in newest)
    if memory is not None and memory > rules.memory_high_percent:
        needed = peak / (rules.memory_high_percent / 100)
        said = f"uses {memory:.0f} % of its {target.memory_mib} MiB of memory: give it {needed:.0f} MiB or more"
        return _made("step_up", name, said, _larger(target, targets, needed), targets, newest)
    if target.gpu and gpu is not None and gpu < rules.gpu_low_percent:
        said = f"keeps its {target.gpu} GPUs busy to {gpu:.0f} %: use a target without"
        return _made("cpu_target", name, said, _without_gpu(target, targets, peak), targets, newest)
    efficiency = _scaling_efficiency(newest, found=ledger_rows(kind="job") if target.nodes > 1 else [])
    if efficiency is not None and efficiency < rules.scaling_low:
        said = f"does the work of {efficiency * target.nodes:.1f} machines with {target.nodes}: use fewer"
        return _made("fewer_nodes", name, said, _fewer_nodes(target, targets), targets, newest)
    if cpu is not None and memory is not None and max(cpu, memory) < rules.low_percent:
        said = (
            f"uses {cpu:.0f} % of its {target.vcpu} vCPU and {memory:.0f} % of its {target.memory_mib} MiB: halve both"
        )
        return _made("step_down", name, said, _smaller(target, targets, peak, rules), targets, newest)
    return None


def _typical(spreads: Iterable[object]) -> float | None:
    """Return the median of the 95th percentiles; None when an attempt did not measure it."""
    highs = [getattr(spread, "p95", None) for spread in spreads]
    return None if None in highs else median(high for high in highs if high is not None)


def _scaling_efficiency(newest: Sequence[LedgerRow], found: Iterable[LedgerRow]) -> float | None:
    """Return the work of n machines against n times that of one, learning from the same dataset version."""
    alone: dict[tuple[str | None, ...], list[float]] = defaultdict(list)
    for row in found:
        if row.instance_count == 1 and row.outcome == "succeeded":
            alone[_work(row)].append(row.seconds)
    shares = [median(alone[_work(row)]) / (row.instance_count * row.seconds) for row in newest if _work(row) in alone]
    return median(shares) if shares else None


def _work(row: LedgerRow) -> tuple[str | None, ...]:
    return row.use_case, row.dataset_version, row.trainer, row.instance_type


def _larger(target: Target, targets: Mapping[str, Target], needed_mib: float) -> str | None:
    fits = {name: one for name, one in _alike(target, targets).items() if one.memory_mib >= needed_mib}
    return min(fits, key=lambda name: (fits[name].memory_mib, fits[name].vcpu), default=None)


def _smaller(target: Target, targets: Mapping[str, Target], peak_mib: float, rules: RightsizeRules) -> str | None:
    needed = peak_mib / (rules.memory_high_percent / 100)
    fits = {
        name: one
        for name, one in _alike(target, targets).items()
        if one.vcpu < target.vcpu and needed <= one.memory_mib <= target.memory_mib and one.vcpu * 2 >= target.vcpu
    }
    return min(fits, key=lambda name: (fits[name].vcpu, fits[name].memory_mib), default=None)


def _without_gpu(target: Target, targets: Mapping[str, Target], peak_mib: float) -> str | None:
    fits = [
        name
        for name, one in targets.items()
        if not one.gpu and one.memory_mib >= peak_mib and one.nodes == target.nodes and one.spot == target.spot
    ]
    same_backend = [name for name in fits if targets[name].backend == target.backend]
    return min(same_backend or fits, key=lambda name: (abs(targets[name].vcpu - target.vcpu), name), default=None)


def _fewer_nodes(target: Target, targets: Mapping[str, Target]) -> str | None:
    same = {name: one for name, one in targets.items() if one.model_copy(update={"nodes": target.nodes}) == target}
    fewer = [name for name, one in same.items() if one.nodes < target.nodes]
    return max(fewer, key=lambda name: targets[name].nodes, default=None)


def _alike(target: Target, targets: Mapping[str, Target]) -> dict[str, Target]:
    """Return the other targets that differ in size only."""
    kept = (target.backend, target.gpu, target.nodes, target.spot)
    others = {name: one for name, one in targets.items() if one != target}
    return {name: one for name, one in others.items() if (one.backend, one.gpu, one.nodes, one.spot) == kept}


def _made(
    finding: Finding,
    name: str,
    said: str,
    proposed: str | None,
    targets: Mapping[str, Target],
    newest: Sequence[LedgerRow],
) -> Recommendation:
    remedy = f"for example {proposed}" if proposed else "compute.yaml has no such target yet"
    return Recommendation(
        target=name,
        finding=finding,
        sentence=f"Target {name} {said}; {remedy}.",
        proposed=proposed,
        saves_percent=_saves(targets[name], targets[proposed]) if proposed else None,
        attempts=tuple(f"{row.job_id}/{row.attempt}" for row in newest),
    )


def _saves(now: Target, then: Target) -> float | None:
    before, after = (price(Machine.of_target(target)).usd_per_hour for target in (now, then))
    return None if not before or after is None else round(100 * (1 - after / before), 1)
