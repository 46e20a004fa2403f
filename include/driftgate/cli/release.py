"""``driftgate release`` and ``driftgate backup``: what was served, and serving it again from nothing."""

from pathlib import Path
from typing import Annotated

import typer

from driftgate.cli.sentences import out

app = typer.Typer(help="What belonged to each switch of the champion: list, show, restore.", no_args_is_help=True)
backup_app = typer.Typer(help="Copies of the records of the embedded backends: create, restore.", no_args_is_help=True)

UseCase = Annotated[str, typer.Argument(help="Name of a use case, such as flight_delays.")]
Id = Annotated[str, typer.Argument(help="Id of a release, as 'driftgate release list' shows it.")]
Folder = Annotated[Path, typer.Argument(help="Folder of the backup.")]


@app.command(name="list")
def list_(use_case: UseCase) -> None:
    """List the releases of a use case, oldest first."""
    from rich.table import Table

    from driftgate.registry.releases import releases
    from driftgate.use_cases import load_use_case

    table = Table("release", "switched (UTC)", "by", "version", "dataset version", "code")
    for one in releases(load_use_case(use_case).name):
        moment = f"{one.switched_at:%Y-%m-%d %H:%M:%S}"
        table.add_row(one.id, moment, one.switched_by, one.version, one.dataset_version, one.code_revision[:12])
    out.print(table)


@app.command()
def show(use_case: UseCase, release: Id) -> None:
    """Print one release as JSON."""
    from driftgate.registry.releases import find_release
    from driftgate.use_cases import load_use_case

    out.print_json(find_release(load_use_case(use_case).name, release).model_dump_json())


@app.command()
def restore(
    use_case: UseCase,
    release: Id,
    backup: Annotated[Path | None, typer.Option(help="Restore this backup of the records first.")] = None,
) -> None:
    """Serve the champion of a release again, where its records are lost; its golden set must be answered alike."""
    from getpass import getuser

    from driftgate.recovery import restore_backup, restore_release
    from driftgate.use_cases import load_use_case

    asked = load_use_case(use_case)
    if backup:
        restore_backup(backup)
    checked = restore_release(asked, release, actor=getuser()).checked
    told = (
        f"{checked.rows} golden rows as recorded, at most {checked.max_difference:g} apart" if checked else "no check"
    )
    out.print(f"Release {release} of {use_case} is back: {told}.", highlight=False)


@backup_app.command()
def create(folder: Folder) -> None:
    """Write a backup into a new folder; everything goes on meanwhile."""
    from driftgate.recovery import create_backup

    out.print(f"{folder}: {create_backup(folder).sentence}", highlight=False)


@backup_app.command(name="restore")
def restore_(folder: Folder) -> None:
    """Put a backup into this environment, which must have no records yet."""
    from driftgate.recovery import restore_backup

    out.print(f"Restored {restore_backup(folder).sentence}", highlight=False)
