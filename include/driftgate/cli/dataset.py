"""``driftgate dataset``: the versions a model was trained on."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftgate.cli import dataset_care
from driftgate.cli.sentences import out

if TYPE_CHECKING:
    from driftgate.datasets import DatasetVersion

app = typer.Typer(
    help="Dataset versions: list, show, restore, compare, reproduce, keep or remove.", no_args_is_help=True
)
app.add_typer(dataset_care.app)

Name = Annotated[str, typer.Argument(help="Name of a dataset version, as 'driftgate dataset list' prints it.")]


@app.command("list")
def list_(
    use_case: Annotated[str | None, typer.Argument(help="One use case; all of them if left out.")] = None,
) -> None:
    """List the dataset versions, oldest first."""
    from rich.table import Column, Table

    from driftgate.datasets import list_versions
    from driftgate.use_cases import load_use_case, use_case_names

    table = Table(Column("dataset version", no_wrap=True), "window", "rows", "hash")
    for name in [load_use_case(use_case).name] if use_case else use_case_names():
        for version in list_versions(name):
            table.add_row(*_row(version))
    out.print(table if table.row_count else "There are no dataset versions yet; the retrain DAG makes the first one.")


@app.command()
def show(name: Name) -> None:
    """Print everything that is recorded about one dataset version, as JSON."""
    from driftgate.datasets import load_version

    out.print_json(load_version(name).model_dump_json())


@app.command()
def get(
    name: Name,
    target: Annotated[Path, typer.Argument(help="Folder to restore into; it must be new or empty.")],
) -> None:
    """Restore a dataset version into TARGET, every byte checked against its hash."""
    from driftgate.datasets import get_version

    folder = get_version(name, target)
    out.print(f"{name} restored to {folder}; its hash is the recorded one.", highlight=False)


def _row(version: "DatasetVersion") -> tuple[str, str, str, str]:
    window = f"{version.window.first} to {version.window.last}"
    return version.name, window, f"{version.rows:,}", version.hash[:12]
