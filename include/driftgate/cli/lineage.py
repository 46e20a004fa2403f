"""``driftgate lineage``: where things come from, and whether the records of it are whole."""

from typing import Annotated

import typer
from rich.console import Console

from driftgate.cli.sentences import fail, out

app = typer.Typer(help="Where a model or a prediction comes from.", no_args_is_help=True)

LONGEST_LINE = 2000  # a hash that is cut at the window's edge cannot be searched for


@app.command()
def trace(
    target: Annotated[str, typer.Argument(help="A prediction id, a model version (flight_delays/3), or a lake path.")],
    all_: Annotated[bool, typer.Option("--all", help="List every partition and file with its whole hash.")] = False,
) -> None:
    """Print what TARGET was made from, down to source files, code revision and parameters."""
    from driftgate.cli.lineage_tree import render
    from driftgate.lineage.trace import trace as walk

    Console(width=LONGEST_LINE).print(render(walk(target), every=all_))


@app.command()
def graph(
    target: Annotated[str, typer.Argument(help="A prediction id, a model version (flight_delays/3), or a lake path.")],
) -> None:
    """Print what TARGET was made from as a graph in the DOT language; Graphviz draws it."""
    from driftgate.cli.lineage_graph import dot
    from driftgate.lineage.trace import trace as walk

    out.print(dot(walk(target)), markup=False, highlight=False, soft_wrap=True, end="")


@app.command()
def verify(
    stream: Annotated[
        str | None, typer.Argument(help="One chain (a use case or a source); all of them if left out.")
    ] = None,
) -> None:
    """Check that no lineage record was altered or removed; exit code 1 if one was."""
    from driftgate import lineage
    from driftgate.errors import ConfigError, nearest

    known = lineage.streams()
    if stream and stream not in known:
        raise ConfigError(f"There is no lineage stream {stream!r}{nearest(stream, known)}")
    problems = []
    for name in [stream] if stream else known:
        found = lineage.verify(name)
        problems += found
        out.print(f"{name}: {len(lineage.read_stream(name))} records, {f'{len(found)} problems' if found else 'whole'}")
    if not known:
        out.print("There are no lineage records yet; a DAG run writes the first ones.")
    if problems:
        fail("\n".join(problems))


@app.command()
def audit(dataset: Annotated[str, typer.Argument(help="Name of a dataset, such as flights.")]) -> None:
    """Print every recorded run that read or wrote a dataset, as CSV for an auditor's spreadsheet."""
    from driftgate.lineage.audit import audit as written

    out.print(written(dataset), markup=False, highlight=False, end="")
