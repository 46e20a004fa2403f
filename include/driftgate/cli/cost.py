"""``driftgate cost``: what was spent, by whom, what was saved, and which compute targets do not fit."""

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from driftgate.cli.sentences import fail, out

if TYPE_CHECKING:
    from driftgate.ledger.summary import CostReport, Total

app = typer.Typer(help="What was spent and saved, and which compute targets do not fit.", invoke_without_command=True)

Json = Annotated[bool, typer.Option("--json", help="Print the whole report as JSON.")]


@app.callback()
def cost(
    context: typer.Context,
    by: Annotated[str, typer.Option(help="use_case, stage, owner or week.")] = "use_case",
    first: Annotated[str | None, typer.Option("--from", help="The first day that counts, as 2026-03-02.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="The last day that counts.")] = None,
    as_json: Json = False,
) -> None:
    """Show what tasks and jobs cost, estimated from include/price_table.yaml, and what was saved."""
    if context.invoked_subcommand:
        return
    from driftgate.errors import nearest
    from driftgate.ledger import collect_all
    from driftgate.ledger.summary import COLUMNS, cost_report

    if by not in COLUMNS:
        fail(f"--by cannot be {by!r}{nearest(by, COLUMNS)}")
    since, until = _midnight(first, "--from"), _midnight(last, "--to")
    if since and until and until < since:
        fail(f"--to {last} lies before --from {first}; swap them.")
    collect_all()
    report = cost_report([COLUMNS[by]], since=since, until=until + timedelta(days=1) if until else None)
    if as_json:
        out.print_json(report.canonical().decode())
    else:
        _show(report, by)


@app.command()
def report(
    day: Annotated[str, typer.Argument(help="A day of the week to write it for, as 2026-03-02.")],
) -> None:
    """Write the week's report by activity, project, environment and owner into the lake, as CSV and as a page."""
    from driftgate import uris
    from driftgate.lake import lake
    from driftgate.ledger import collect_all
    from driftgate.ledger.pages import write_cost_report
    from driftgate.partition_keys import parse_day

    collect_all()
    written = write_cost_report(parse_day(day))
    week = written.since.strftime("%G-W%V") if written.since else ""
    for suffix in ("csv", "html"):
        out.print(lake().uri(uris.cost_report(week, suffix)), markup=False, highlight=False)


@app.command()
def rightsize(as_json: Json = False) -> None:
    """Say which compute targets are too large or too small for what their jobs really used."""
    from driftgate.ledger import collect_all
    from driftgate.ledger.rightsize import recommend
    from driftgate.records import canonical_json

    collect_all()
    found = recommend()
    if as_json:
        out.print_json(canonical_json([one.model_dump(mode="json") for one in found]).decode())
        return
    for one in found:
        out.print(f"{one.sentence}{_difference(one.saves_percent)}", markup=False, highlight=False)
        out.print(f"  seen in {', '.join(one.attempts)}", markup=False, highlight=False)
    if not found:
        out.print("No compute target has jobs enough that say it should be another.")


@app.command()
def efficiency(
    use_case: Annotated[str, typer.Argument(help="Name of a use case, such as flight_delays.")],
    compare: Annotated[
        str, typer.Option(help="Trainings side by side by trainer, target, instance_type or model_version.")
    ] = "trainer",
) -> None:
    """Show what a training run takes, by implementation; the weekly reports lie in reports/efficiency/."""
    from rich.table import Table

    from driftgate.errors import nearest
    from driftgate.ledger import collect_all
    from driftgate.ledger.efficiency import RATIOS
    from driftgate.ledger.efficiency import compare as compared
    from driftgate.use_cases import load_use_case

    fields = ("trainer", "target", "instance_type", "model_version")
    if compare not in fields:
        fail(f"--compare cannot be {compare!r}{nearest(compare, fields)}")
    name = load_use_case(use_case).name
    collect_all()
    table = Table(compare, "runs", *RATIOS)
    for kind, cost in compared(name, compare).items():
        ratios = (cost.ratios[ratio] for ratio in RATIOS)
        table.add_row(kind, str(cost.units), *("?" if value is None else f"{value:.4g}" for value in ratios))
    out.print(table if table.row_count else f"{name} was never trained.", highlight=False)


@app.command()
def value(
    use_case: Annotated[str, typer.Argument(help="Name of a use case, such as flight_delays.")],
    day: Annotated[str, typer.Argument(help="A day of the week to look at, as 2026-03-02.")],
    as_json: Json = False,
) -> None:
    """Say what a week of answers earned: the rule's errors less the model's, less running, upkeep and reviews."""
    from driftgate.errors import SourceMissing
    from driftgate.ledger import collect_all
    from driftgate.monitoring.value import write_value
    from driftgate.partition_keys import parse_day
    from driftgate.use_cases import load_use_case

    asked, of = load_use_case(use_case), parse_day(day)
    collect_all()
    found = write_value(asked, of)
    if found is None:
        raise SourceMissing(f"Nobody was answered by {asked.name} in the week of {day}.")
    if as_json:
        out.print_json(found.canonical().decode())
        return
    sums = {name: getattr(found, f"{name}_usd") for name in ("value", "infra", "upkeep", "review", "net")}
    told = ", ".join(f"{name} {'unknown' if usd is None else f'${usd:,.2f}'}" for name, usd in sums.items())
    out.print(f"{found.week}: {told}. {found.action}: {found.remedy}", markup=False, highlight=False)
    for finding in (*(one.sentence for one in found.measured), *found.findings):
        out.print(finding, markup=False, highlight=False)


def _difference(saves_percent: float | None) -> str:
    if not saves_percent:
        return ""
    return f" It costs {abs(saves_percent):g} % {'less' if saves_percent > 0 else 'more'} an hour."


def _midnight(day: str | None, what: str) -> datetime | None:
    from driftgate.partition_keys import parse_day
    from driftgate.settings import settings

    return datetime.combine(parse_day(day, what=what), time(), ZoneInfo(settings().timezone)) if day else None


def _show(report: "CostReport", by: str) -> None:
    from rich.table import Table

    table = Table()
    for name in (by, "jobs", "CPU h", "GPU h", "cost", "Spot saved", "kWh"):
        table.add_column(name, no_wrap=True, justify="left" if name == by else "right")
    for total in (*report.groups, report.total):
        table.add_row(" ".join(total.group), *_numbers(total))
    out.print(table)
    if report.total.unknown:
        out.print(
            f"Of {report.total.unknown} rows nobody knows the cost; add their machines to include/price_table.yaml."
        )
    if report.total.interruptions:
        out.print(f"Interrupted, and paid for all the same: {report.total.interruptions} attempts.")
    for one in report.avoided:
        saved = "" if one.usd is None else f" ${one.usd:.4f} saved by not retraining."
        out.print(f"{one.sentence}{saved}", markup=False, highlight=False)
    share = "" if report.untagged_spend_pct is None else f", {report.untagged_spend_pct:g} % of what was spent"
    out.print(f"{report.untagged_rows} rows without a required tag{share}.", markup=False, highlight=False)
    out.print(f"Estimated from the price table of {report.prices_as_of}.", markup=False, highlight=False)


def _numbers(total: "Total") -> list[str]:
    return [
        f"{total.jobs:,}",
        f"{total.cpu_hours:.2f}",
        f"{total.gpu_hours:.2f}",
        f"${total.usd:.4f}{' + ?' if total.unknown else ''}",
        f"${total.saved_usd:.4f}",
        f"{total.energy_kwh:.3f}{' + ?' if total.energy_unknown else ''}",
    ]
