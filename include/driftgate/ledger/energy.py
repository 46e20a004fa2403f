"""How much energy an attempt took: an estimate with its method, or nothing where the table knows too little."""

from dataclasses import dataclass

from driftgate.compute import Attempt
from driftgate.ledger.prices import GIB, EnergyFigures, Machine, instance_of, price_table

SECONDS_PER_HOUR = 3600


@dataclass(frozen=True)
class Energy:
    """Kilowatt-hours and what the region's grid gives off for them; None is unknown."""

    kwh: float | None
    method: str | None
    kg_co2e: float | None = None


def energy(attempt: Attempt) -> Energy:
    """Return what all machines of the attempt used."""
    figures = price_table().energy
    accelerators = _gpu_kwh(attempt, figures)
    if accelerators is None:
        return Energy(None, None)
    hours = attempt.seconds / SECONDS_PER_HOUR
    busy = min(attempt.cpu_seconds / SECONDS_PER_HOUR, hours * attempt.cores)
    idle = hours * attempt.cores * figures.idle_watts_per_vcpu
    watt_hours = idle + busy * (figures.busy_watts_per_vcpu - figures.idle_watts_per_vcpu)
    watt_hours += hours * attempt.memory_mib / GIB * figures.watts_per_gib
    overhead = 1.0 if attempt.backend == "local" else figures.power_usage_effectiveness
    kwh = (watt_hours / 1000 + accelerators) * attempt.instance_count * overhead
    return Energy(round(kwh, 6), figures.method, _emitted(kwh, attempt, figures))


def _gpu_kwh(attempt: Attempt, figures: EnergyFigures) -> float | None:
    """Return what the GPUs took: as they counted it, else their share of the maker's power, else None."""
    if attempt.gpus == 0:
        return 0.0
    if attempt.gpu_kwh is not None:
        return attempt.gpu_kwh
    instance = instance_of(Machine.of_attempt(attempt))
    watts = figures.gpu_watts.get(instance.gpu) if instance and instance.gpu else None
    if watts is None or attempt.gpu_seconds is None:
        return None
    return attempt.gpu_seconds / SECONDS_PER_HOUR * watts / 1000


def _emitted(kwh: float, attempt: Attempt, figures: EnergyFigures) -> float | None:
    intensity = figures.grid_kg_per_kwh.get(attempt.region or "")
    return None if intensity is None else round(kwh * intensity, 6)
