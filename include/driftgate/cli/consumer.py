"""``driftgate consumer``: who may ask the endpoint of this environment."""

from typing import Annotated

import typer

from driftgate.cli.sentences import out

app = typer.Typer(help="Who may ask the endpoint, for what and how much.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The consumer's id, such as booking-site.")]


@app.command()
def add(
    consumer_id: Name,
    contact: Annotated[str, typer.Option(help="Who answers for it: a team, an address.")],
    use_case: Annotated[list[str], typer.Option(help="A use case that it may ask; several times for several.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="predict, explain or metrics; several times for several.")
    ] = None,
    requests_per_second: Annotated[float, typer.Option(help="How often it may ask.")] = 50,
    burst: Annotated[int, typer.Option(help="How often at once.")] = 100,
    rows_per_day: Annotated[int | None, typer.Option(help="Rows of a day (UTC); without it there is no bound.")] = None,
) -> None:
    """Add a consumer; its key is shown now and never again."""
    from driftgate.consumers import Consumer, add_consumer
    from driftgate.records import parse_record
    from driftgate.settings import environment
    from driftgate.use_cases import load_use_case

    for name in use_case:
        load_use_case(name)
    asked = {
        "id": consumer_id,
        "contact": contact,
        "environment": environment(),
        "use_cases": use_case,
        "scopes": scope or ["predict"],
        "requests_per_second": requests_per_second,
        "burst": burst,
        "rows_per_day": rows_per_day,
    }
    _show(add_consumer(parse_record(asked, Consumer, where=f"consumer {consumer_id[:40]!r}")))


@app.command("list")
def list_all() -> None:
    """List the consumers of this environment; of a key, its id."""
    from rich.table import Table

    from driftgate.consumers import consumers_file, read_consumers
    from driftgate.settings import environment

    table = Table("consumer", "contact", "use cases", "scopes", "per second (burst)", "rows per day", "keys")
    for one in read_consumers(consumers_file()):
        if one.environment == environment():
            keys = [f"{key.id}{f' until {key.ends_at:%Y-%m-%d %H:%M}' if key.ends_at else ''}" for key in one.keys]
            rate = f"{one.requests_per_second:g} ({one.burst})"
            rows = "no bound" if one.rows_per_day is None else str(one.rows_per_day)
            cells = (one.id, one.contact, ", ".join(one.use_cases), ", ".join(one.scopes), rate, rows)
            table.add_row(*cells, ", ".join(keys) or "none")
    out.print(table)
    if not _asks_for_keys():
        out.print(f"The endpoint of {environment()} asks nobody for a key ('endpoint.auth' in its settings).")


@app.command()
def rotate(
    consumer_id: Name,
    keep_hours: Annotated[float, typer.Option(min=0, max=24 * 90, help="How long the old key still counts.")] = 24,
) -> None:
    """Make a new key; the old ones end after a while, so that the consumer has time to change."""
    from driftgate.consumers import rotate_key

    _show(rotate_key(consumer_id, keep_hours=keep_hours))


@app.command()
def revoke(
    consumer_id: Name, key: Annotated[str | None, typer.Option(help="Id of one key; without it, all.")] = None
) -> None:
    """Take keys away; a running endpoint knows it within a second."""
    from driftgate.consumers import revoke_keys

    count = revoke_keys(consumer_id, key)
    out.print(f"{count} key{'s' if count > 1 else ''} of {consumer_id} revoked.", highlight=False)


@app.command()
def report(
    month: Annotated[str | None, typer.Option(help="Such as 2026-11; without it, this month (UTC).")] = None,
) -> None:
    """Show what each consumer used in a month, who asked without a key, who is idle, and who may too much."""
    from datetime import UTC, datetime

    from rich.table import Table

    from driftgate.consumers import consumers_file, read_consumers
    from driftgate.consumers.review import findings, sums
    from driftgate.consumers.usage import read_usage
    from driftgate.settings import environment

    period = _month(month or f"{datetime.now(UTC):%Y-%m}")
    usages = list(read_usage(period, environment()))
    there = [one for one in read_consumers(consumers_file()) if one.environment == environment()]
    table = Table("consumer", "calls", "refused", "rows", "mean ms", "slowest ms")
    for name, one in sorted(sums(usages).items(), key=lambda found: found[0] or ""):
        numbers = (one.calls, one.refused, one.rows, f"{one.mean_ms:.2f}", f"{1000 * one.slowest:.1f}")
        table.add_row(name or "(no key)", *map(str, numbers))
    out.print(table)
    for sentence in findings(there, usages, asks_for_keys=_asks_for_keys()):
        out.print(sentence, markup=False, highlight=False)


def _asks_for_keys() -> bool:
    from driftgate.settings import settings

    return settings().endpoint.auth == "keys"


def _month(text: str) -> str:
    from datetime import date

    from driftgate.errors import ConfigError

    try:
        return f"{date.fromisoformat(f'{text}-01'):%Y-%m}"
    except ValueError:
        raise ConfigError(f"{text[:20]!r} is no month; write one as 2026-11.") from None


def _show(key: str) -> None:
    out.print(key, markup=False, highlight=False)
    out.print("This is the only time that the key is shown; send it as 'Authorization: Bearer KEY'.", highlight=False)
