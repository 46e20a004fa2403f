"""``driftgate dataset``: the versions a model was trained on."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftgate.cli import dataset_care
from driftgate.cli.sentences import fail, out
from driftgate.errors import CannotJudge, ConfigError

if TYPE_CHECKING:
    from driftgate.datasets.version import AnyVersion, DatasetVersion
    from driftgate.evaluation.dataset_check import DatasetCheck

app = typer.Typer(
    help="Dataset versions: make, test, list, show, restore, compare, reproduce, keep or remove.", no_args_is_help=True
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
    table = Table(Column("dataset version", no_wrap=True), "window", "size", "hash", "check")
    for version in versions:
        if of in (None, version.subject):
            table.add_row(*_row(version))
    out.print(table if table.row_count else "There are no dataset versions yet; the retrain DAG makes the first one.")


@app.command()
def show(name: Name) -> None:
    """Print everything that is recorded about one dataset version, and how it was tested, as JSON."""
    import json

    from driftgate.datasets import load_any
    from driftgate.evaluation.dataset_check import read_check

    version, tested = load_any(name), read_check(name)
    check = {"check": tested.model_dump(mode="json")} if tested else {}
    out.print_json(json.dumps({**version.model_dump(mode="json"), **check}))


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
    from driftgate.governance.dataset_check import check_version
    from driftgate.use_cases import load_use_case

    about = load_use_case(use_case)
    version = prepared(about, key, as_of)
    out.print(
        f"{version.name}: {version.rows:,} rows, {version.window.first} to {version.window.last}", highlight=False
    )
    out.print(_told(check_version(about, version)), markup=False, highlight=False)


@app.command()
def check(
    name: Annotated[
        str,
        typer.Argument(
            help="Name of a dataset version; or a use case, for the one that the champion was trained on as it comes "
            "out now, made if it is another one."
        ),
    ],
) -> None:
    """Test a dataset version: its contracts, and the champion on its rows; exit code 1 if it fails or cannot be judged.

    For pull requests that change contracts, features.sql, params.yaml or dvc.yaml. Before the first champion there is
    nothing to hold a version against: that is said, and is no failure.
    """
    from driftgate.governance.dataset_check import check_version
    from driftgate.use_cases import load_use_case

    version = _to_check(name)
    made = check_version(load_use_case(version.use_case), version)
    if made.verdict == "fails" or (made.verdict == "cannot_judge" and made.champion):
        fail(_told(made))
    out.print(_told(made), markup=False, highlight=False)


def _to_check(name: str) -> "DatasetVersion":
    from driftgate.datasets import load_version
    from driftgate.datasets import prepare as prepared
    from driftgate.registry import champion
    from driftgate.use_cases import load_use_case

    if "/" in name:
        return load_version(name)
    use_case, model = load_use_case(name), champion(name)
    if model is None:
        raise CannotJudge(f"{name} has no champion yet; name a dataset version to test.")
    return prepared(use_case, load_version(model.dataset_version).key)


def _told(made: "DatasetCheck") -> str:
    return f"{made.dataset_version} {made.verdict.replace('_', ' ')}: {made.sentence}"


def _row(version: "AnyVersion") -> tuple[str, str, str, str, str]:
    from driftgate.datasets import FilesVersion

    if isinstance(version, FilesVersion):
        return version.name, version.key, f"{version.files:,} files", version.hash[:12], ""
    days = f"{version.window.first} to {version.window.last}"
    return version.name, days, f"{version.rows:,} rows", version.hash[:12], _tested(version.name)


def _tested(name: str) -> str:
    from driftgate.evaluation.dataset_check import read_check

    try:
        checked = read_check(name)
    except ConfigError:  # of another version of Driftgate; 'dataset check' writes it anew
        return "unreadable"
    return checked.verdict.replace("_", " ") if checked else "not tested"


def _trained_on(name: str) -> str:
    """Return the dataset version of a model named as ``flight_delays/1``; any other name is one itself."""
    use_case, _, version = name.partition("/")
    if not version.isdecimal():
        return name
    from driftgate.registry import find_model

    return find_model(use_case, version).dataset_version
