"""``driftgate incident``: what is done when a model does harm, and what is known of it."""

from typing import Annotated

import typer

from driftgate.cli.sentences import out

app = typer.Typer(help="When a model does harm: open, list, export, close.", no_args_is_help=True)

UseCase = Annotated[str, typer.Argument(help="Name of a use case, such as flight_delays.")]
Id = Annotated[str, typer.Argument(help="Id of an incident, as driftgate incident list shows it.")]
Reason = Annotated[str, typer.Option(help="Why, in a few words; it is recorded with your name.")]


@app.command("open")
def open_(
    use_case: UseCase,
    version: Annotated[str, typer.Argument(help="The model version that is suspected, such as 3.")],
    first_day: Annotated[str, typer.Option(help="First day of the harm, as 2013-04-01.")],
    last_day: Annotated[str, typer.Option(help="Last day of the harm, as 2013-04-03.")],
    reason: Reason,
) -> None:
    """Freeze promotions, give the traffic back to the champion before, set days and version apart, keep the evidence.

    After a failure the same command goes on where it stopped.
    """
    from getpass import getuser

    from driftgate import incidents
    from driftgate.use_cases import load_use_case

    asked = load_use_case(use_case)
    incident = incidents.open_incident(
        asked, version, first_day=first_day, last_day=last_day, actor=getuser(), reason=reason
    )
    out.print(f"Incident {incident.id} of {use_case}.", markup=False, highlight=False)
    for step in (incidents.freeze_promotions, incidents.give_back_traffic, incidents.set_apart):
        out.print(step(asked, incident), markup=False, highlight=False)
    export(use_case, incident.id)


@app.command("list")
def list_(use_case: UseCase) -> None:
    """List the incidents of a use case, and whether its days are still in quarantine."""
    from rich.table import Column, Table

    from driftgate.datasets.quarantined_days import quarantines
    from driftgate.incidents import incidents
    from driftgate.use_cases import load_use_case

    held = {span.name for span in quarantines(load_use_case(use_case).name)}
    table = Table("incident", "version", "first day", "last day", "quarantine", "opened by", Column("reason"))
    for one in incidents(use_case):
        state = "held" if one.id in held else "lifted"
        table.add_row(one.id, one.version, one.first_day, one.last_day, state, one.actor, one.reason)
    out.print(table if table.row_count else f"{use_case} had no incident.", highlight=False)


@app.command()
def export(use_case: UseCase, incident_id: Id) -> None:
    """Write the evidence of an incident into the lake, and say where; what was exported once stays as it is."""
    from driftgate import uris
    from driftgate.incidents import export_bundle, find_incident
    from driftgate.lake import lake
    from driftgate.use_cases import load_use_case

    asked = load_use_case(use_case)
    manifest = export_bundle(asked, find_incident(asked.name, incident_id))
    where = lake().uri(uris.incident(asked.name, incident_id))
    out.print(f"Evidence: {where}/bundle.tar, sha256 {manifest.bundle_sha256}.", markup=False, highlight=False)
    for problem in manifest.broken_lineage:
        out.print(problem, markup=False, highlight=False)


@app.command()
def close(use_case: UseCase, incident_id: Id, reason: Reason) -> None:
    """Let the days of an incident be learned from again; promotions stay frozen until driftgate promotion unfreeze."""
    from getpass import getuser

    from driftgate.datasets.quarantined_days import lift_quarantine
    from driftgate.use_cases import load_use_case

    lifted = lift_quarantine(load_use_case(use_case).name, incident_id, actor=getuser(), reason=reason)
    out.print(
        f"The days {lifted.first_day} to {lifted.last_day} of {use_case} are in quarantine no more.", highlight=False
    )
