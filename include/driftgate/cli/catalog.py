"""``driftgate catalog``: what data and features there are, what they mean, who uses them."""

from typing import TYPE_CHECKING, Annotated

import typer

from driftgate.cli.sentences import fail, out

if TYPE_CHECKING:
    from rich.table import Table

    from driftgate.catalog import FeatureEntry

app = typer.Typer(help="The catalogue of datasets and features.", no_args_is_help=True)


@app.command()
def build() -> None:
    """Build the catalogue from contracts, SQL and the lake, and write its page."""
    from driftgate.catalog import PAGE, sync_catalog
    from driftgate.lake import lake

    catalog = sync_catalog()
    out.print(f"{len(catalog.datasets)} datasets, {len(catalog.features)} features, {len(catalog.models)} models.")
    out.print(lake().uri(PAGE), markup=False, highlight=False)


@app.command()
def search(words: Annotated[list[str], typer.Argument(help="Words that must all occur.")]) -> None:
    """Find datasets and features by name, meaning, column or owner; exit code 1 if nothing is found."""
    from rich.table import Column, Table

    from driftgate.catalog import search as find
    from driftgate.catalog import stored_catalog

    table = Table("kind", Column("name", no_wrap=True), "meaning")
    for hit in find(stored_catalog(), words):
        table.add_row(hit.kind, hit.name, hit.meaning)
    if not table.row_count:
        fail(f"Nothing in the catalogue has the words {' '.join(words)!r}; try fewer of them.")
    out.print(table)


@app.command()
def show(dataset: Annotated[str, typer.Argument(help="Name of a dataset, such as flights.")]) -> None:
    """Print everything that the catalogue knows about a dataset, as JSON."""
    from driftgate.catalog import dataset_of, stored_catalog

    out.print_json(dataset_of(stored_catalog(), dataset).model_dump_json())


@app.command()
def features(
    duplicates: Annotated[bool, typer.Option("--duplicates", help="Only those that are the same as another.")] = False,
    unused: Annotated[bool, typer.Option("--unused", help="Only those that bring the newest models nothing.")] = False,
) -> None:
    """List the features of all use cases."""
    from driftgate.catalog import stored_catalog

    found = [
        entry
        for entry in stored_catalog().features
        if (entry.duplicates or not duplicates) and (entry.unused or not unused)
    ]
    out.print(_table(found) if found else "There are none.")


@app.command()
def lint() -> None:
    """Check that what is used has a contract, and each contract a data class; exit code 1 if not."""
    from driftgate.catalog.lint import lint_catalog, remarks
    from driftgate.governance.data_classes import lint_classes

    for remark in remarks():
        out.print(remark, style="yellow", markup=False, highlight=False)
    if problems := [*lint_catalog(), *lint_classes()]:
        fail("\n".join(problems))


def _table(entries: "list[FeatureEntry]") -> "Table":
    from rich.table import Column, Table

    table = Table(Column("feature", no_wrap=True), "type", "made from", "class", "remark")
    for entry in entries:
        kind = f"{entry.type}, {entry.unit}" if entry.unit else entry.type
        table.add_row(entry.name, kind, ", ".join(entry.columns), entry.sensitivity, _remark(entry))
    return table


def _remark(entry: "FeatureEntry") -> str:
    same = [f"same as {', '.join(entry.same_as)}"] if entry.same_as else []
    return "; ".join([*same, *(["brings nothing"] if entry.unused else [])])
