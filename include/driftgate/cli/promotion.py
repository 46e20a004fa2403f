"""``driftgate promotion``: the plan of a use case, what was changed in its traffic, and whether it is as recorded."""

from typing import TYPE_CHECKING, Annotated

import typer

from driftgate.cli.sentences import out

if TYPE_CHECKING:
    from driftgate.promotion.changes import RecordedChange

app = typer.Typer(
    help="Plans, change records and the traffic as it is: plan, report, reconcile, stack, freeze, unfreeze.",
    no_args_is_help=True,
)

UseCase = Annotated[str, typer.Argument(help="Name of a use case, such as flight_delays.")]
Reason = Annotated[str, typer.Option(help="Why, in a few words; it is recorded with your name.")]


@app.command()
def plan(use_case: UseCase) -> None:
    """Show the steps of a candidate of the use case, and why they are these."""
    from rich.table import Table

    from driftgate.promotion import deployment_plan
    from driftgate.use_cases import load_use_case

    asked = load_use_case(use_case)
    table = Table("step", "share of the requests", "requests needed", "bakes for")
    for step in deployment_plan(asked).steps:
        table.add_row(step.name, f"{step.percent} %", f"{step.min_requests:,}", f"{step.bake_minutes:g} min")
    promote = asked.promote
    out.print(
        f"{promote.strategy}, risk {promote.risk}, approval {promote.approve}: {promote.rationale}", highlight=False
    )
    out.print(table)


@app.command()
def report(use_case: UseCase) -> None:
    """List every change of the use case's traffic, with the share of promotions that succeeded and their lead time."""
    from rich.table import Column, Table

    from driftgate.promotion.changes import changes_of, promotions_of
    from driftgate.use_cases import load_use_case

    changes = changes_of(load_use_case(use_case).name)
    if not changes:
        out.print(f"The traffic of {use_case} was never changed.", highlight=False)
        return
    table = Table("change", "opened (UTC)", "action", "version", "requester", "approver", "outcome", Column("reason"))
    for one in changes:
        table.add_row(*_row(one))
    out.print(table)
    out.print(promotions_of(changes).sentence, highlight=False)


@app.command()
def reconcile(
    use_case: UseCase,
    restore: Annotated[bool, typer.Option("--restore", help="Bring back what is recorded.")] = False,
) -> None:
    """Hold what the endpoint serves against what is recorded; a difference makes the command fail."""
    from getpass import getuser

    from driftgate.errors import PromotionRefused
    from driftgate.promotion import reconcile as reconcile_
    from driftgate.use_cases import load_use_case

    found = reconcile_(load_use_case(use_case), actor=getuser(), restores=restore)
    for done in found.completed:
        out.print(f"Completed: {done}.", highlight=False)
    if found.silent:
        out.print(found.silent, highlight=False)
    if found.restored_to:
        out.print(f"{found.manual_change} Restored by revision {found.restored_to}.", highlight=False)
    elif found.manual_change:
        raise PromotionRefused(found.manual_change)
    elif not found.silent:
        out.print(f"{use_case} is served as recorded.", highlight=False)


@app.command()
def stack(use_case: UseCase) -> None:
    """Print what the use case decides about its stack on AWS (infra/serving.yaml), for --parameter-overrides."""
    from driftgate.endpoint.backends.serving_stack import stack_parameters
    from driftgate.use_cases import load_use_case

    for name, value in stack_parameters(load_use_case(use_case)).items():
        out.print(f"{name}={value}", highlight=False, soft_wrap=True)


@app.command()
def freeze(use_case: UseCase, reason: Reason) -> None:
    """Let no version of the use case get more traffic until unfreeze; what takes traffic back still works."""
    from getpass import getuser

    from driftgate.promotion.freeze import freeze as freeze_
    from driftgate.use_cases import load_use_case

    found = freeze_(load_use_case(use_case).name, actor=getuser(), reason=reason)
    out.print(f"The promotions of {use_case} are frozen by {found.actor}: {found.reason}", markup=False)


@app.command()
def unfreeze(use_case: UseCase, reason: Reason) -> None:
    """Let the promotions of the use case go on."""
    from getpass import getuser

    from driftgate.promotion.freeze import unfreeze as unfreeze_
    from driftgate.use_cases import load_use_case

    unfreeze_(load_use_case(use_case).name, actor=getuser(), reason=reason)
    out.print(f"The promotions of {use_case} may go on.", highlight=False)


def _row(one: "RecordedChange") -> tuple[str, ...]:
    change = one.change
    opened = f"{one.opened_at:%Y-%m-%d %H:%M:%S}"
    who = change.requester, change.approver or "-"
    return str(change.id), opened, change.action, change.version or "-", *who, change.outcome, change.reason
