"""``driftgate model``: the registered model versions of a use case."""

from typing import Annotated

import typer

from driftgate.cli.sentences import out

app = typer.Typer(help="Model versions: list, show, card.", no_args_is_help=True)

UseCase = Annotated[str, typer.Argument(help="Name of a use case, such as flight_delays.")]
Version = Annotated[str, typer.Argument(help="A model version, such as 3.")]


@app.command("list")
def list_(
    use_case: Annotated[str | None, typer.Argument(help="One use case; all of them if left out.")] = None,
) -> None:
    """List the model versions with their role in traffic."""
    pass


@app.command()
def show(use_case: UseCase, version: Version) -> None:
    """Print everything that is recorded about one model version, as JSON."""


@app.command()
def card(use_case: UseCase, version: Version) -> None:
    """Print the model card."""
