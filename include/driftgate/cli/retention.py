"""``driftgate retention``: what has reached its end, and its deletion."""

import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from driftgate.cli.sentences import fail, out

if TYPE_CHECKING:
    from driftgate.governance.retention import RetentionPlan

app = typer.Typer(help="How long data is kept: report, sweep, S3 lifecycle rules.", no_args_is_help=True)

SHOWN = 20  # partitions that the report lists
Today = Annotated[str | None, typer.Option(help="The day to look from, as 2013-04-01; today if left out.")]


@app.command()
def report(today: Today = None) -> None:
    """Show what a sweep would delete and what it would keep all the same; nothing is deleted."""
    _show(_plan(today))


@app.command()
def sweep(
    delete: Annotated[bool, typer.Option("--delete", help="Delete; without it this is the report.")] = False,
    by: Annotated[str, typer.Option(help="Who asks for it; it is recorded.")] = "",
    reason: Annotated[str, typer.Option(help="Why; it is recorded.")] = "",
    today: Today = None,
) -> None:
    """Delete what has reached its end."""
    from driftgate.governance.retention import sweep as carry_out

    plan = _plan(today)
    _show(plan)
    if delete and plan.today > _today():
        fail(f"{plan.today} lies in the future; what ends until then is not deleted before.")
    if delete:
        out.print(f"{carry_out(plan, by=by, reason=reason)} objects deleted.")
    elif plan.ended:
        fail("Nothing was deleted; add --delete, --by and --reason to do so.")


@app.command()
def lifecycle() -> None:
    """Print the lifecycle configuration for the bucket of an S3 lake, as 'aws s3api' takes it."""
    from urllib.parse import urlsplit

    from driftgate.governance.rules import lifecycle as configuration
    from driftgate.governance.rules import retention_rules
    from driftgate.settings import settings

    parts = urlsplit(settings().lake)
    prefix = parts.path.strip("/") if parts.scheme == "s3" else ""
    out.print_json(json.dumps(configuration(retention_rules(), prefix=prefix)))


def _plan(today: str | None) -> "RetentionPlan":
    from driftgate.governance.retention import plan_retention
    from driftgate.partition_keys import parse_day

    return plan_retention(parse_day(today) if today else _today())


def _today() -> date:
    return datetime.now(UTC).date()


def _show(plan: "RetentionPlan") -> None:
    from rich.table import Table

    table = Table("zone", "objects", "bytes", "by storage class")
    for usage in plan.usage:
        tiers = ", ".join(f"{name} {size:,}" for name, size in sorted(usage.tiers.items()))
        table.add_row(usage.zone, f"{usage.objects:,}", f"{usage.bytes:,}", tiers)
    out.print(table)
    for path in (ended := sorted({item.path.rpartition("/")[0] for item in plan.ended}))[:SHOWN]:
        out.print(f"ended: {path}", markup=False, highlight=False)
    if len(ended) > SHOWN:
        out.print(f"… and {len(ended) - SHOWN} more folders")
    for partition, version in sorted(plan.kept.items()):
        out.print(f"kept: {partition}, needed by {version}", markup=False, highlight=False)
    out.print(f"{len(plan.ended)} objects, {plan.bytes:,} bytes, have reached their end by {plan.today}.")
