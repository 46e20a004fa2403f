"""``driftgate source``: what the sources have that was not ingested yet."""

from typing import Annotated

import typer

from driftgate.cli.sentences import out

app = typer.Typer(help="Where data comes from.", no_args_is_help=True)


@app.callback()
def sources() -> None:
    """Where data comes from."""


@app.command()
def changes(source: Annotated[str, typer.Argument(help="Name of the source, as the contracts have it.")]) -> None:
    """List the partitions whose database has late or changed rows; each line names the days to ingest again."""
    from driftgate.sources import changed_partitions, watermarked_datasets_of

    datasets = watermarked_datasets_of(source)
    if not datasets:
        out.print(f"No dataset of {source} has a watermark, so nothing can say which of its rows are late.")
    for dataset in datasets:
        late = changed_partitions(source, dataset)
        out.print(f"{dataset}: {', '.join(late) or 'nothing has changed'}", highlight=False)
