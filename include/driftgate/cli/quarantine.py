"""``driftgate quarantine``: the rows that broke a rule, and what a person decides about them."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from driftgate.cli.sentences import out

if TYPE_CHECKING:
    from driftgate.contracts.decisions import Action

_DONE = {"release": "Released", "discard": "Discarded"}
app = typer.Typer(help="Quarantined rows: list, show, release, discard.", no_args_is_help=True)

Dataset = Annotated[str, typer.Argument(help="Name of a dataset, such as flights.")]
Key = Annotated[str, typer.Argument(help="The partition, as 2013-04-01.")]
Rule = Annotated[str | None, typer.Option(help="Only rows that break this rule, such as origin.known.")]
Rows = Annotated[list[int] | None, typer.Option("--row", help="Only this row, by its number; may be given again.")]
Reason = Annotated[str, typer.Option(help="Why; it is recorded.")]
By = Annotated[str, typer.Option(help="Who decides; it is recorded.")]


@app.command("list")
def list_(
    dataset: Annotated[str | None, typer.Argument(help="One dataset; all of them if left out.")] = None,
) -> None:
    """List the partitions with quarantined rows: how many, how many nobody decided on, and the rules they break."""
    from rich.table import Column, Table

    from driftgate.contracts import list_quarantine

    table = Table("dataset", Column("partition", no_wrap=True), "rows", "open", "broken rules", "stopped by")
    for held in list_quarantine(dataset):
        rules = ", ".join(f"{rule} {count:,}" for rule, count in held.rules.items())
        table.add_row(
            held.dataset, held.partition, f"{held.rows:,}", f"{held.open:,}", escape(rules), ", ".join(held.stopped)
        )
    out.print(table if table.row_count else "No row is in quarantine.")


@app.command()
def show(
    dataset: Dataset, key: Key, most: Annotated[int, typer.Option(help="How many rows to show.", min=1)] = 20
) -> None:
    """Show quarantined rows of one partition with the rules that they break; personal values are masked."""
    from driftgate.contracts import decisions_on, show_quarantine

    for row in show_quarantine(dataset, key, most=most):
        broken = ", ".join(f"{rule} ({value})" for rule, value in zip(row["_rules"], row["_observed"], strict=True))
        values = ", ".join(f"{name}={value}" for name, value in row.items() if not name.startswith("_"))
        out.print(f"[bold]row {row['_row']}[/] breaks {escape(broken)}\n  {escape(values)}", highlight=False)
    for made in decisions_on(dataset, key):
        out.print(
            f"{made.at:%Y-%m-%d %H:%M} {made.by}: {made.action} {len(made.rows)} rows, {made.reason}", markup=False
        )


@app.command()
def release(dataset: Dataset, key: Key, rule: Rule = None, rows: Rows = None, reason: Reason = "", by: By = "") -> None:
    """Let rows pass to the validated ones, all open rows if none are named, and publish the partition again."""
    _decide("release", dataset, key, rule, rows, reason, by)


@app.command()
def discard(dataset: Dataset, key: Key, rule: Rule = None, rows: Rows = None, reason: Reason = "", by: By = "") -> None:
    """Leave rows out for good, all open rows if none are named; they do not count as open any more."""
    _decide("discard", dataset, key, rule, rows, reason, by)


def _decide(
    action: "Action", dataset: str, key: str, rule: str | None, numbers: list[int] | None, reason: str, by: str
) -> None:
    from driftgate.contracts import decide, load_contract

    done = decide(action, dataset, key, rule=rule, rows=numbers or (), reason=reason, by=by)
    left = f" {done.left} rows break other rules too and stay in quarantine." if done.left else ""
    source = load_contract(dataset).source
    rows = f"{done.published.rows_validated:,} validated, {done.published.rows_quarantined:,} in quarantine"
    out.print(
        f"{_DONE[action]} {done.rows:,} rows of {dataset} {key}.{left} Published: {rows}. "
        f"Run {source}.ingest for {key} again, so that what comes after it hears of it.",
        highlight=False,
    )
