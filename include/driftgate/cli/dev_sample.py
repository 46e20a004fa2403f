"""``driftgate dataset sample``: a few rows for development, without personal data."""

from pathlib import Path
from typing import Annotated

import typer

from driftgate.cli.sentences import out


def sample(
    dataset: Annotated[str, typer.Argument(help="Name of a dataset, such as flights.")],
    keys: Annotated[list[str], typer.Argument(metavar="KEY...", help="Partition keys, such as 2013-04-01.")],
    rows: Annotated[int, typer.Option(min=1, help="How many rows of each partition at most.")],
    folder: Annotated[Path, typer.Option("--out", help="The folder to write below.")],
    seed: Annotated[int, typer.Option(min=0, help="Another seed draws other rows.")] = 0,
) -> None:
    """Write a sample of validated partitions as their source would deliver it, personal values replaced."""
    from driftgate.governance.dev_sample import sample as write

    for path in write(dataset, keys, folder, rows=rows, seed=seed):
        out.print(f"{path} written.", markup=False, highlight=False)
