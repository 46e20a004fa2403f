"""Rows of storage: what lies in each zone of the lake, and what keeping it for a week costs."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from driftgate.compute.tags import PHASES
from driftgate.lake import lake
from driftgate.ledger.budget import week_of
from driftgate.ledger.prices import price_table
from driftgate.ledger.rows import LedgerRow, write_row
from driftgate.settings import settings

ZONES = (
    "raw",
    "validated",
    "quarantine",
    "prepared",
    "profiles",
    "captures",
    "models",
    "reports",
    "reviews",
    "lineage",
    "jobs",
)
BYTES_PER_GB = 2**30  # as S3 bills it
WEEKS_PER_MONTH = 365.25 / 12 / 7


def record_storage(day: date, owner: str) -> list[LedgerRow]:
    """Write a row for each zone that holds anything: what lies there now counts for the whole week of ``day``."""
    sizes = {zone: sum(item.bytes for item in lake().objects(zone)) for zone in ZONES}
    return [write_row(_row(zone, size, day, owner)) for zone, size in sizes.items() if size]


def _row(zone: str, size: int, day: date, owner: str) -> LedgerRow:
    since, until = week_of(datetime.combine(day, time(12), ZoneInfo(settings().timezone)))
    gb = round(size / BYTES_PER_GB, 6)
    cost, note = _cost(gb)
    return LedgerRow(
        kind="storage",
        target=f"lake/{zone}",
        activity="storage",
        phase=PHASES["storage"],
        project=settings().project,
        business_unit=settings().business_unit or None,
        environment=settings().stage,
        owner=owner,
        outcome="succeeded",
        started_at=since,
        ended_at=until,
        seconds=0,
        billed_seconds=0,
        gb_stored=gb,
        cost_usd=cost,
        on_demand_usd=cost,
        price_source=f"price table of {price_table().as_of}" if cost is not None else None,
        cost_note=note,
    )


def _cost(gb: float) -> tuple[float | None, str]:
    """Return what a week costs; a folder of this machine costs nothing more than the machine."""
    if not settings().lake.startswith("s3://"):
        return 0.0, ""
    table = price_table()
    prices = table.regions.get(table.default_region)
    if prices is None or prices.transfer is None:
        return None, f"The price is unknown: price_table.yaml has no 'transfer' of {table.default_region}."
    return round(gb * prices.transfer.usd_per_gb_month_s3 / WEEKS_PER_MONTH, 6), ""
