"""``driftgate review``: people look at single answers; their word becomes labels that the next training uses."""

from pathlib import Path
from typing import Annotated, Any

import typer

from driftgate.cli.sentences import out

app = typer.Typer(help="Look at single answers: list, next, answer, import, publish, report.", no_args_is_help=True)

UseCase = Annotated[str, typer.Argument(help="Name of a use case, such as flight_delays.")]
Reviewer = Annotated[str | None, typer.Option(help="Who looks; else you, by your name on this machine.")]


@app.command("list")
def list_(use_case: UseCase) -> None:
    """List the answers that want a review, the oldest day first."""
    from rich.table import Table

    from driftgate.reviews import open_items
    from driftgate.use_cases import load_use_case

    table = Table("day", "prediction", "version", "says", "confidence", "why")
    for item in open_items(load_use_case(use_case)):
        says = "yes" if item.prediction else "no"
        reasons = ", ".join(item.reasons)
        table.add_row(item.day, item.prediction_id, item.model_version, says, f"{item.confidence:.2f}", reasons)
    out.print(table if table.row_count else f"No answer of {use_case} wants a review.", highlight=False)


@app.command("next")
def next_(use_case: UseCase, reviewer: Reviewer = None) -> None:
    """Show the next answer for a reviewer with its request, personal values treated, but not what the model said."""
    import json

    from driftgate.captures import read_captures
    from driftgate.reviews import open_items
    from driftgate.use_cases import load_use_case

    asked = load_use_case(use_case)
    items = open_items(asked, _reviewer(reviewer))
    if not items:
        out.print(f"No answer of {use_case} waits for {_reviewer(reviewer)}.", markup=False, highlight=False)
        return
    captures = read_captures(use_case, items[0].day).select(["prediction_id", "features"]).to_pylist()
    rows = {row["prediction_id"]: row["features"] for row in captures}
    out.print(f"{items[0].prediction_id} of {items[0].day}: {asked.question}", markup=False, highlight=False)
    out.print_json(json.dumps({"request": json.loads(rows.get(items[0].prediction_id) or '"erased"')}))
    out.print(f"{len(items) - 1} more wait.", highlight=False)


@app.command()
def answer(
    use_case: UseCase,
    prediction: Annotated[str, typer.Argument(help="Id of the prediction.")],
    label: Annotated[bool, typer.Option("--yes/--no", help="What is right.")],
    seconds: Annotated[float, typer.Option(help="How long it took.")] = 0,
    reviewer: Reviewer = None,
) -> None:
    """Say what is right; only the reviewers of the use case may. Answer again to correct yourself."""
    from driftgate.reviews import answer_item, find_item
    from driftgate.use_cases import load_use_case

    asked = load_use_case(use_case)
    item = find_item(use_case, prediction)
    answer_item(asked, item, label, reviewer=_reviewer(reviewer), seconds=seconds)
    agrees = "agrees" if label == item.prediction else "does not agree"
    out.print(f"Recorded; the model {agrees}.", highlight=False)


@app.command("import")
def import_(
    use_case: UseCase,
    file: Annotated[Path, typer.Argument(help="CSV: prediction_id,human_label,reviewer,seconds.")],
) -> None:
    """Record the answers of a file: all of them, or none if one is wrong."""
    from driftgate.reviews.import_csv import import_answers
    from driftgate.use_cases import load_use_case

    out.print(f"{import_answers(load_use_case(use_case), file)} answers are recorded.", highlight=False)


@app.command()
def publish(
    use_case: UseCase, key: Annotated[str | None, typer.Option(help="Day of the set; else today.")] = None
) -> None:
    """Publish the labels now, as the monitor DAG does every night; the next training uses them."""
    from driftgate.reviews import publish_labels
    from driftgate.use_cases import load_use_case
    from driftgate.wall_clock import wall_clock

    made = publish_labels(load_use_case(use_case), key or wall_clock().date().isoformat())
    sentence = f"{made.labels} labels of {use_case}: {made.version}." if made else "Nobody has answered yet."
    out.print(sentence, markup=False, highlight=False)


@app.command()
def report(use_case: UseCase) -> None:
    """Show what reviews cost and which errors they found, by reason, and how much to look at from now on."""
    from rich.table import Table

    from driftgate.reviews import review_worth
    from driftgate.use_cases import load_use_case

    table = Table("why", "reviewed", "overturned", "cost USD", "avoided USD", "a review is worth USD", "look at")
    for one in review_worth(load_use_case(use_case)):
        row: list[Any] = [one.reason, one.reviewed, one.overturned, one.cost_usd, one.avoided_usd]
        worth = f"{one.lowest_usd:.2f} to {one.highest_usd:.2f}"
        table.add_row(*map(str, row), worth, one.advice.replace("_", " "))
    out.print(table if table.row_count else "Nobody has answered yet.", highlight=False)


def _reviewer(named: str | None) -> str:
    from getpass import getuser

    return named or getuser()
