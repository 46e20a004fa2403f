"""``driftgate dataset``: the versions a model was trained on."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftgate.cli import dataset_care
from driftgate.cli.sentences import out

if TYPE_CHECKING:
    from driftgate.datasets.version import AnyVersion

app = typer.Typer(
    help="Dataset versions: make, list, show, restore, compare, reproduce, keep or remove.", no_args_is_help=True
)
app.add_typer(dataset_care.app)

Name = Annotated[str, typer.Argument(help="Name of a dataset version, as 'driftgate dataset list' prints it.")]


@app.command("list")
def list_(
    of: Annotated[str | None, typer.Argument(help="One use case or set of files; all of them if left out.")] = None,
) -> None:
    """List the dataset versions, by the last day of their window."""
    from rich.table import Column, Table

    from driftgate.datasets import all_versions
    from driftgate.use_cases import load_use_case

    versions = all_versions()
    if of and of not in {version.subject for version in versions}:
        of = load_use_case(of).name
    table = Table(Column("dataset version", no_wrap=True), "window", "size", "hash")
    for version in versions:
        if of in (None, version.subject):
            table.add_row(*_row(version))
    out.print(table if table.row_count else "There are no dataset versions yet; the retrain DAG makes the first one.")


@app.command()
def show(name: Name) -> None:
    """Print everything that is recorded about one dataset version, as JSON."""
    from driftgate.datasets import load_any

    out.print_json(load_any(name).model_dump_json())


@app.command()
def get(
    name: Annotated[
        str,
        typer.Argument(help="Name of a dataset version, or of a model (flight_delays/1) for what it was trained on."),
    ],
    target: Annotated[Path, typer.Argument(help="Folder to restore into; it must be new or empty.")],
) -> None:
    """Restore a dataset version into TARGET, every byte checked against its hash."""
    from driftgate.datasets import FilesVersion, get_files, get_version, load_any

    name = _trained_on(name)
    version = load_any(name)
    folder = get_files(version, target) if isinstance(version, FilesVersion) else get_version(name, target)
    out.print(f"{name} restored to {folder}; its hash is the recorded one.", highlight=False)


@app.command()
def publish(
    folder: Annotated[Path, typer.Argument(help="Folder with the files; links and empty folders are not taken.")],
    name: Annotated[str, typer.Option(help="Name of the set of files, such as pictures.")],
    key: Annotated[str, typer.Option(help="The day that the files are of, such as 2013-04-01.")],
) -> None:
    """Make a dataset version of the files in FOLDER; the same files give the same version."""
    from driftgate.datasets import publish_files

    version = publish_files(folder, name, key)
    out.print(f"{version.name}: {version.files:,} files, {version.bytes / 1e6:,.1f} MB", highlight=False)


@app.command()
def prepare(
    use_case: Annotated[str, typer.Argument(help="The use case to make a training set of.")],
    key: Annotated[str, typer.Argument(help="Last day of the window, as 2013-03-31.")],
    as_of: Annotated[
        datetime | None,
        typer.Option(help="Make what would have been made then, wall-clock: nothing that became known later enters."),
    ] = None,
) -> None:
    """Make the dataset version of the window that ends with KEY, or name the one that there is."""
    from driftgate.datasets import prepare as prepared
    from driftgate.use_cases import load_use_case

    version = prepared(load_use_case(use_case), key, as_of)
    out.print(
        f"{version.name}: {version.rows:,} rows, {version.window.first} to {version.window.last}", highlight=False
    )


def _row(version: "AnyVersion") -> tuple[str, str, str, str]:
    from driftgate.datasets import FilesVersion

    if isinstance(version, FilesVersion):
        return version.name, version.key, f"{version.files:,} files", version.hash[:12]
    return version.name, f"{version.window.first} to {version.window.last}", f"{version.rows:,} rows", version.hash[:12]


def _trained_on(name: str) -> str:
    """Return the dataset version of a model named as ``flight_delays/1``; any other name is one itself."""
    use_case, _, version = name.partition("/")
    if not version.isdecimal():
        return name
    from driftgate.registry import find_model

    return find_model(use_case, version).dataset_version
