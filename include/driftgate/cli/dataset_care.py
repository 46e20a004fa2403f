"""``driftgate dataset diff | reproduce | hold | release-hold | gc``: looking after dataset versions."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from driftgate.cli.sentences import fail, out

if TYPE_CHECKING:
    from rich.table import Table

    from driftgate.datasets.collection import Plan
    from driftgate.datasets.comparison import Comparison

app = typer.Typer()

Name = Annotated[str, typer.Argument(help="Name of a dataset version, as 'driftgate dataset list' prints it.")]
Reason = Annotated[str, typer.Option(help="Why, in a few words; it is recorded.")]


@app.command()
def diff(
    first: Name, second: Name, json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False
) -> None:
    """Show what is different between two dataset versions."""
    from driftgate.datasets.comparison import compare

    found = compare(first, second)
    if json:
        out.print_json(found.model_dump_json())
        return
    out.print(_table(found))
    for title, lines in _details(found).items():
        if lines:
            out.print(f"\n{title}", *lines, sep="\n", markup=False, highlight=False)


@app.command()
def reproduce(name: Name) -> None:
    """Compute a dataset version again from its source partitions and compare; exit code 1 if a byte is different."""
    from driftgate.datasets.reproduction import reproduce as rebuild

    found = rebuild(name)
    if not found.equal:
        lines = (f"  {field}: recorded {before}, now {after}" for field, (before, after) in found.different.items())
        fail("\n".join((f"{name} does not come out again; this is different:", *lines)))
    out.print(f"{name} came out again, byte for byte; sha256 of its rows: {found.rows_sha256}", highlight=False)


@app.command()
def hold(name: Name, reason: Reason) -> None:
    """Keep a dataset version, whatever serves, until 'release-hold'."""
    from driftgate.datasets import load_any
    from driftgate.datasets.holds import hold as keep

    keep(load_any(name).name, actor=_actor(), reason=reason)
    out.print(f"{name} is held.", highlight=False)


@app.command("release-hold")
def release_hold(name: Name, reason: Reason) -> None:
    """End the hold on a dataset version."""
    from driftgate.datasets.holds import release_hold as release

    release(name, actor=_actor(), reason=reason)
    out.print(f"{name} is held no longer.", highlight=False)


@app.command()
def gc(
    delete: Annotated[bool, typer.Option("--delete", help="Remove the data; without it nothing is removed.")] = False,
    keep_newest: Annotated[int, typer.Option(min=1, help="Days of each use case whose versions stay anyway.")] = 3,
    reason: Reason = "no live, rollback or held model needs it",
) -> None:
    """Show, or remove with --delete, the data of dataset versions that no live, rollback or held model needs.

    Tags and records stay; a version that is prepared again has its data again.
    """
    from driftgate.datasets.collection import collect, plan_collection
    from driftgate.governance.protection import protected_versions

    needed = protected_versions()
    plan = plan_collection(needed, keep_newest)
    if delete:
        collect(plan, actor=_actor(), reason=reason)
    _tell(plan, needed, done=delete)


def _tell(plan: "Plan", needed: dict[str, str], *, done: bool) -> None:
    for name in plan.objects:
        out.print(f"{name} {'removed' if done else 'would go'}", highlight=False)
    for name, why in needed.items():
        out.print(f"{name} stays: {why}", highlight=False)
    for name in plan.newest:
        out.print(f"{name} stays: of the newest days", highlight=False)
    for name in plan.young:
        out.print(f"{name} stays: its data were written within the last hour", highlight=False)
    freed = f"{plan.bytes / 1e6:,.1f} MB"
    out.print(f"{len(plan.objects)} versions, {freed} {'removed' if done else 'to remove; run it with --delete'}.")


def _table(found: "Comparison") -> "Table":
    from rich.table import Column, Table

    table = Table("", Column(found.first, no_wrap=True), Column(found.second, no_wrap=True))
    table.add_row("window", found.window.first, found.window.second)
    table.add_row("rows", f"{found.rows.first:,}", f"{found.rows.second:,}")
    table.add_row("label share or mean", f"{found.label_share.first:.4f}", f"{found.label_share.second:.4f}")
    return table


def _details(found: "Comparison") -> dict[str, list[str]]:
    """Return the lines below each heading; a heading without lines is left out."""
    return {
        "columns": [
            *(f"+ {name} {kind}" for name, kind in found.columns_added.items()),
            *(f"- {name} {kind}" for name, kind in found.columns_removed.items()),
            *(f"~ {name} {change.first} -> {change.second}" for name, change in found.columns_changed.items()),
        ],
        "parameters": [f"~ {key} {change.first} -> {change.second}" for key, change in found.parameters.items()],
        "source partitions": [f"~ {one.path} {_short(one.first)} -> {_short(one.second)}" for one in found.sources],
        "features.sql": found.features_sql.splitlines(),
    }


def _short(hashes: tuple[Any, ...]) -> str:
    return ", ".join(digest[:12] for digest in hashes) or "not read"


def _actor() -> str:
    import getpass

    return getpass.getuser()
