"""``driftgate alarm``: what is wrong, who looks after it, and whether messages arrive."""

from typing import TYPE_CHECKING, Annotated

import typer

from driftgate.cli.sentences import err, out

if TYPE_CHECKING:
    from driftgate.alarms import Alarm

app = typer.Typer(help="Alarms: list, show, acknowledge, resolve, suppress; deliver and try.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Id or key of an alarm, as driftgate alarm list shows it.")]
Reason = Annotated[str, typer.Option(help="Why, in a few words; it is recorded with your name.")]


@app.command("list")
def list_(
    everything: Annotated[bool, typer.Option("--all", help="Also alarms that are over.")] = False,
    prefix: Annotated[str, typer.Option(help="Only keys that begin like this, such as drift/.")] = "",
) -> None:
    """List the alarms that last, the worst first."""
    from rich.markup import escape
    from rich.table import Column, Table

    from driftgate.alarms import alarms
    from driftgate.severity import SEVERITIES
    from driftgate.wall_clock import on_the_wall

    table = Table("id", "severity", "state", Column("alarm", overflow="fold"), "times", "last seen", "what")
    found = sorted(alarms(prefix, lasting=not everything), key=lambda one: one.last_seen, reverse=True)
    for one in sorted(found, key=lambda one: (not one.lasts, -SEVERITIES.index(one.severity))):
        seen = f"{on_the_wall(one.last_seen):%Y-%m-%d %H:%M}"
        state = f"{one.state}, false" if one.false_alarm else one.state
        table.add_row(one.id, one.severity, state, escape(one.key), f"{one.count:,}", seen, escape(one.sentence))
    none = "There was no alarm." if everything else "No alarm lasts; see --all for those that are over."
    out.print(table if table.row_count else none, highlight=False)


@app.command()
def show(name: Name) -> None:
    """Show all that is known of an alarm, and how its messages fared."""
    from driftgate.alarms import find_alarm
    from driftgate.alarms.outbox import deliveries

    alarm = find_alarm(name)
    _told(alarm)
    rows = {
        "what it may lead to": alarm.impact,
        "owner": alarm.owner,
        "what to do": alarm.runbook,
        "evidence": alarm.evidence,
        "raised": f"{alarm.count:,} times from {alarm.first_seen:%F %T} to {alarm.last_seen:%F %T} UTC",
        "moved": f"by {alarm.actor}: {alarm.reason}" if alarm.actor else alarm.reason,
        "quiet until": alarm.suppressed_until and f"{alarm.suppressed_until:%F %T} UTC",
        "false alarm": "yes" if alarm.false_alarm else None,
    }
    for label, value in rows.items():
        if value:
            out.print(f"  {label}: {value}", markup=False, highlight=False)
    for one in deliveries(f"{alarm.id}/"):
        trouble = f", {one.error}" if one.error else ""
        line = f"  {one.channel}: {one.message.event}, {one.state} after {one.attempts} attempts{trouble}"
        out.print(line, markup=False, highlight=False)


@app.command()
def ack(name: Name, reason: Annotated[str, typer.Option(help="What you are about to do; recorded.")] = "") -> None:
    """Say that you look after an alarm, so that nobody else is told."""
    from getpass import getuser

    from driftgate.alarms import acknowledge

    _told(acknowledge(name, actor=getuser(), reason=reason))


@app.command()
def resolve(
    name: Name,
    reason: Reason,
    false_alarm: Annotated[
        bool, typer.Option("--false-alarm", help="Nothing was wrong; also marks one that is over.")
    ] = False,
) -> None:
    """End an alarm; what is still wrong begins a new one."""
    from getpass import getuser

    from driftgate import alarms

    _told(alarms.resolve(name, actor=getuser(), reason=reason, false_alarm=false_alarm))


@app.command()
def suppress(name: Name, reason: Reason, hours: Annotated[float, typer.Option(help="For how long.")] = 24.0) -> None:
    """Keep an alarm quiet for some hours; it is still counted."""
    from getpass import getuser

    from driftgate import alarms

    _told(alarms.suppress(name, actor=getuser(), reason=reason, hours=hours))


@app.command()
def deliver() -> None:
    """Do now what the hourly sweep does: escalate what nobody acknowledged, and try messages that are due."""
    from driftgate.alarms import tend_alarms
    from driftgate.wall_clock import utc_now

    tended = tend_alarms(utc_now())
    out.print(
        f"{tended.lasting} alarms last, {tended.escalated} were told to the next, {tended.reopened} are quiet no more; "
        f"{tended.delivered} messages were delivered, {tended.failed} were not.",
        highlight=False,
    )


@app.command()
def test(
    channel: Annotated[str | None, typer.Argument(help="One channel of the settings; all of them if left out.")] = None,
) -> None:
    """Send a message that says it is a test through each channel; exit code 1 if one did not arrive."""
    from driftgate.alarms.trial import try_channels

    failed = 0
    for name, error in try_channels(channel).items():
        failed += error is not None
        (err if error else out).print(f"{name}: {error or 'delivered'}", markup=False, highlight=False)
    if failed:
        raise typer.Exit(1)


def _told(alarm: "Alarm") -> None:
    line = f"{alarm.key} ({alarm.id}) is {alarm.state}, {alarm.severity}: {alarm.sentence}"
    out.print(line, markup=False, highlight=False)
