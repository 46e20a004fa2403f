"""What the trainings of a replay would have cost, by the ledger's prices, seconds and energy."""

from datetime import UTC, datetime

from driftgate.compute import Attempt, JobSpec
from driftgate.compute.targets import Target, find_target
from driftgate.ledger import forecast
from driftgate.ledger.energy import energy
from driftgate.ledger.prices import GIB, Machine, PriceTable, price, price_table
from driftgate.records import Record

ASSUMED_SECONDS = 60.0  # of a training that the ledger knows nothing of: what EC2 and Fargate bill at the least
SECONDS_PER_HOUR = 3600


class TrainingCost(Record):
    """What one training takes; ``sentence`` says where that is from."""

    seconds: float
    usd: float
    kwh: float | None
    sentence: str


def training_cost(spec: JobSpec) -> TrainingCost:
    """Return what a training of ``spec`` costs: as long as earlier ones in the ledger took, on its target's machine.

    This machine is paid for anyway (``local_usd_per_hour``), so a policy would look as if trainings were free; then the
    price is that of the cheapest instance that has what the target asks for.
    """
    target, expected, table = find_target(spec.target), forecast(spec), price_table()
    known = expected.basis == "history"
    seconds = expected.seconds if known else ASSUMED_SECONDS
    took = f"{seconds:.0f} s each, {'the median of earlier ones' if known else 'assumed: the ledger knows none'}"
    machine = Machine.of_target(target)
    name, per_hour = _priced(table, machine)
    billed = max(seconds, table.minimum_billed_seconds)
    used = energy(_attempt(spec, target, seconds))
    return TrainingCost(
        seconds=seconds,
        usd=round(per_hour * billed / SECONDS_PER_HOUR, 6),
        kwh=used.kwh,
        sentence=f"Trainings take {took}; priced as {name}, ${per_hour:.4f} an hour, at least "
        f"{table.minimum_billed_seconds:.0f} s (price table of {table.as_of}). Energy: {used.method or 'not known'}.",
    )


def _priced(table: PriceTable, machine: Machine) -> tuple[str, float]:
    """Return the machine's name and price; of one without a price, those of the cheapest that would do."""
    found = price(machine).usd_per_hour
    if found:
        return machine.instance_type or str(machine.backend), found
    instances = table.regions[table.default_region].instances
    enough = {
        name: one.usd_per_hour
        for name, one in instances.items()
        if one.vcpu >= machine.vcpu and one.memory_gib >= machine.memory_mib / GIB
    }
    if not enough:
        return "a machine without a price", 0.0
    name = min(enough, key=lambda name: (enough[name], name))
    return f"{name} in {table.default_region}", enough[name]


def _attempt(spec: JobSpec, target: Target, seconds: float) -> Attempt:
    """Return what a training would write down that kept all its cores busy."""
    return Attempt(
        job_id=spec.job_id,
        number=1,
        use_case=spec.use_case,
        trainer=spec.trainer,
        started_at=datetime(1970, 1, 1, tzinfo=UTC),
        target=spec.target,
        backend=target.backend,
        instance_type=target.instance_type,
        instance_count=target.nodes,
        region=target.region,
        cores=target.vcpu,
        memory_mib=target.memory_mib,
        seconds=seconds,
        cpu_seconds=seconds * target.vcpu,
        peak_memory_mib=target.memory_mib,
    )
