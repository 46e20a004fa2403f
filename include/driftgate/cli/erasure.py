"""``driftgate dataset forget`` and ``who-saw``: the right of a person to be forgotten."""

from typing import Annotated

import typer

from driftgate.cli.sentences import out

Dataset = Annotated[str, typer.Argument(help="Name of a dataset, such as flights.")]
Key = Annotated[list[str], typer.Argument(help="COLUMN=VALUE, one for each column that tells the subject apart.")]


def forget(
    dataset: Dataset,
    key: Key,
    reason: Annotated[str, typer.Option(help="Why; it is recorded.")],
    by: Annotated[str, typer.Option(help="Who asks for it; it is recorded.")],
) -> None:
    """Erase a subject from the lake for good, and name the models that learned from it."""
    from driftgate.governance.erasure import forget as erase

    done = erase(dataset, key, reason=reason, by=by)
    out.print(f"{done.rows} rows erased; from now on the subject is held out of {dataset}.", highlight=False)
    _list("dataset version that contains it (the next one will not)", done.versions)
    _list("model that was trained on it", done.models)
    out.print("Files that the source delivered are not ours to change: have it erase the subject there.")


def who_saw(dataset: Dataset, key: Key) -> None:
    """List what holds or held a subject: partitions, dataset versions, models."""
    from driftgate.governance.erasure import who_saw as find

    seen = find(dataset, key)
    _list("partition", tuple(sorted(seen.partitions)))
    _list("dataset version", seen.versions)
    _list("model", seen.models)
    if not seen.partitions:
        out.print("Nothing here holds or held this subject.")


def _list(kind: str, names: tuple[str, ...]) -> None:
    for name in names:
        out.print(f"{kind}: {name}", markup=False, highlight=False)
