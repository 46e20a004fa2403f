"""``driftgate feature-review``: is a review of the features due, and what is there to look at?"""

from typing import Annotated

import typer

from driftgate.cli.sentences import out

app = typer.Typer(help="Reviews of a use case's features: due, show.", no_args_is_help=True)

UseCase = Annotated[str, typer.Argument(help="Name of a use case, such as flight_delays.")]


@app.command()
def due(
    use_case: UseCase,
    night: Annotated[str | None, typer.Argument(help="A night, such as 2013-04-30; the newest if left out.")] = None,
) -> None:
    """Say whether a review is due, and why or when; exit code 0 either way."""
    from driftgate.errors import ConfigError
    from driftgate.feature_reviews.due import due_on, policy_of
    from driftgate.monitoring import verdicts
    from driftgate.partition_keys import parse_key
    from driftgate.use_cases import load_use_case

    parsed = load_use_case(use_case)
    policy = policy_of(parsed)
    newest = next(iter(verdicts(parsed.name, last=1)), None)
    if night is None and newest is None:
        raise ConfigError(f"Nothing was decided about {parsed.name} yet, so there is nothing to review; name a night.")
    key = parse_key(night).isoformat() if night else str(newest and newest.key)
    found = due_on(parsed, policy, key)
    out.print(f"{key}: {'due' if found.due else 'not due'}. {found.sentence}", markup=False, highlight=False)


@app.command()
def show(use_case: UseCase) -> None:
    """Show every review with its answer, and what stood out in the newest one."""
    from rich.table import Table

    from driftgate import uris
    from driftgate.feature_reviews.pack import read_pack
    from driftgate.feature_reviews.page import summary
    from driftgate.feature_reviews.round import rounds
    from driftgate.lake import lake
    from driftgate.use_cases import load_use_case

    name = load_use_case(use_case).name
    held = rounds(name)
    if not held:
        out.print(f"No review of the features of {name} was begun yet.", markup=False, highlight=False)
        return
    table = Table("night", "state", "signed", "reason", "retraining")
    for one in held:
        signed = ", ".join(f"{person} ({role})" for role, person in one.signed.items())
        table.add_row(one.key, one.state, signed, one.reason, one.retraining or "")
    out.print(table)
    pack = read_pack(name, held[-1].key)
    for line in summary(pack) if pack else ():
        out.print(f"- {line}", markup=False, highlight=False)
    if pack:
        out.print(lake().uri(uris.feature_review(name, pack.key, "html")), markup=False, highlight=False)
