"""What a machine costs, from ``include/price_table.yaml``; what is not in it is unknown, never free."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field

from driftgate.compute import Attempt
from driftgate.compute.targets import Target
from driftgate.errors import nearest
from driftgate.records import Record, load_yaml
from driftgate.settings import project_root

Amount = Annotated[float, Field(ge=0)]
GIB = 1024  # MiB


class Instance(Record):
    """One instance type in one region."""

    usd_per_hour: Amount
    spot_usd_per_hour: Amount | None = None
    vcpu: Annotated[int, Field(gt=0)]
    memory_gib: Annotated[float, Field(gt=0)]
    gpus: Annotated[int, Field(ge=0)] = 0
    gpu: str | None = None
    arch: str = "x86_64"


class Fargate(Record):
    """What is paid for what a task asks for, whatever machine it runs on."""

    usd_per_vcpu_hour: Amount
    usd_per_gib_hour: Amount
    spot_discount: Annotated[float, Field(ge=0, le=1)] | None = None


class Transfer(Record):
    """Bytes that lie or move."""

    usd_per_gb_to_other_regions: Amount
    usd_per_gb_month_s3: Amount


class RegionPrices(Record):
    """The prices of one region."""

    instances: dict[str, Instance]
    fargate: Fargate | None = None
    transfer: Transfer | None = None


class EnergyFigures(Record):
    """How the energy of a machine is estimated."""

    method: str
    idle_watts_per_vcpu: Amount
    busy_watts_per_vcpu: Amount
    watts_per_gib: Amount
    power_usage_effectiveness: Annotated[float, Field(ge=1)]
    gpu_watts: dict[str, Amount] = {}
    grid_kg_per_kwh: dict[str, Amount] = {}


class RightsizeRules(Record):
    """When a compute target counts as too large or too small: of the newest attempts on it, by what is typical."""

    attempts: Annotated[int, Field(gt=0)] = 20
    min_attempts: Annotated[int, Field(gt=0)] = 3
    min_seconds: Amount = 30  # a shorter attempt says little
    low_percent: Amount = 40  # of CPU and of memory at the 95th percentile: half of both would do
    memory_high_percent: Annotated[float, Field(gt=0, le=100)] = 90
    gpu_low_percent: Amount = 10
    scaling_low: Amount = 0.6  # work of n machines, against n times that of one


class AnomalyRules(Record):
    """When a job's cost is out of line with that of earlier jobs like it."""

    min_jobs: Annotated[int, Field(gt=0)] = 5  # that must have gone before
    times_median: Annotated[float, Field(gt=1)] = 3


class PriceTable(Record):
    """The whole file."""

    as_of: date
    source: str
    default_region: str
    minimum_billed_seconds: Amount
    local_usd_per_hour: Amount
    regions: dict[str, RegionPrices]
    energy: EnergyFigures
    rightsizing: RightsizeRules = RightsizeRules()
    anomalies: AnomalyRules = AnomalyRules()


@dataclass(frozen=True)
class Machine:
    """Where a job runs or ran, as far as its price depends on it."""

    backend: str | None
    instance_type: str | None
    count: int
    spot: bool
    region: str | None
    vcpu: float
    memory_mib: float

    @classmethod
    def of_target(cls, target: Target) -> "Machine":
        """Return what a job on this target would run on."""
        return cls(
            target.backend,
            target.instance_type,
            target.nodes,
            target.spot,
            target.region,
            target.vcpu,
            target.memory_mib,
        )

    @classmethod
    def of_attempt(cls, attempt: Attempt) -> "Machine":
        """Return what the attempt ran on, as it wrote down itself."""
        return cls(
            attempt.backend,
            attempt.instance_type,
            attempt.instance_count,
            attempt.spot,
            attempt.region,
            attempt.cores,
            attempt.memory_mib,
        )


@dataclass(frozen=True)
class Price:
    """Dollars per hour; None is unknown, and ``note`` says why."""

    usd_per_hour: float | None
    on_demand_usd_per_hour: float | None
    note: str = ""


def price_table() -> PriceTable:
    """Return the prices of this project.

    :raises ConfigError: the file is missing or wrong
    """
    path = price_table_path()
    return _parse(path, path.stat().st_mtime_ns if path.exists() else 0)


def price_table_path() -> Path:
    """Return where the prices are."""
    return project_root() / "include" / "price_table.yaml"


def price(machine: Machine) -> Price:
    """Return what the machine, or all machines of a job on several, cost in an hour."""
    table = price_table()
    if machine.backend == "local":
        rate = table.local_usd_per_hour * machine.count
        return Price(rate, rate)
    region = machine.region or table.default_region
    if region not in table.regions:
        return _unknown(f"has no region {region!r}{nearest(region, table.regions)}")
    if machine.instance_type in (None, "fargate") and machine.backend == "ecs":
        return _fargate(machine, region, table.regions[region].fargate)
    return _instance(machine, region, table.regions[region].instances)


def instance_of(machine: Machine) -> Instance | None:
    """Return what the table knows of the machine's type, in whichever region it is listed."""
    for prices in price_table().regions.values():
        if machine.instance_type in prices.instances:
            return prices.instances[machine.instance_type]
    return None


def _instance(machine: Machine, region: str, instances: dict[str, Instance]) -> Price:
    if machine.instance_type is None:
        return _unknown("cannot price a machine of no known type: give its target in compute.yaml an instance_type")
    if machine.instance_type not in instances:
        known = nearest(machine.instance_type, instances)
        return _unknown(f"has no instance type {machine.instance_type!r} in {region}{known}")
    found = instances[machine.instance_type]
    on_demand = found.usd_per_hour * machine.count
    if not machine.spot:
        return Price(on_demand, on_demand)
    if found.spot_usd_per_hour is None:
        return _unknown(f"has no Spot price of {machine.instance_type} in {region}", on_demand)
    return Price(found.spot_usd_per_hour * machine.count, on_demand)


def _fargate(machine: Machine, region: str, rates: Fargate | None) -> Price:
    if rates is None:
        return _unknown(f"has no prices of Fargate in {region}")
    one = machine.vcpu * rates.usd_per_vcpu_hour + machine.memory_mib / GIB * rates.usd_per_gib_hour
    on_demand = one * machine.count
    if not machine.spot:
        return Price(on_demand, on_demand)
    if rates.spot_discount is None:
        return _unknown(f"has no Spot discount of Fargate in {region}", on_demand)
    return Price(on_demand * (1 - rates.spot_discount), on_demand)


def _unknown(what: str, on_demand: float | None = None) -> Price:
    return Price(None, on_demand, f"The price is unknown: {price_table_path().name} {what.removesuffix('.')}.")


@cache
def _parse(path: Path, _: int) -> PriceTable:
    return load_yaml(path, PriceTable)
