"""``driftgate backtest``: what policies would have done in past nights, before one of them goes live."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from driftgate.cli.sentences import fail, out

if TYPE_CHECKING:
    from driftgate.backtest.report import BacktestReport
    from driftgate.backtest.run import Asked, Say

USUAL = ("never", "nightly", "weekly", "monthly", "shipped")


def backtest(
    use_case: Annotated[str, typer.Argument(help="Name of a use case, such as flight_delays.")],
    first: Annotated[str | None, typer.Option("--from", help="The first night, as 2013-03-01.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="The last night.")] = None,
    policy: Annotated[
        list[str] | None,
        typer.Option(help=f"A file that changes 'monitor' and 'retrain', or {', '.join(USUAL)}; several times."),
    ] = None,
    chosen: Annotated[str | None, typer.Option(help="The policy that the report is about.")] = None,
    split: Annotated[str | None, typer.Option(help="Last day by which policies were chosen.")] = None,
    processes: Annotated[int | None, typer.Option(min=1, help="How many policies are played at once.")] = None,
    recorded: Annotated[bool, typer.Option("--recorded", help="Decide the recorded nights again instead.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole report as JSON.")] = False,
) -> None:
    """Play past nights under several policies and compare them. A run that was killed goes on where it was."""
    from driftgate.errors import ConfigError
    from driftgate.use_cases import load_use_case

    parsed = load_use_case(use_case)
    if recorded:
        _recorded(parsed.name, first, last)
        return
    if first is None or last is None:
        raise ConfigError("Name the nights to play, as --from 2013-03-01 --to 2013-12-30.")
    from driftgate.backtest.backtest import asked_for
    from driftgate.backtest.backtest import backtest as run
    from driftgate.lake import lake

    asked = asked_for(parsed, first, last, tuple(policy or USUAL))
    with _progress(asked) as say:
        written = run(asked, chosen=chosen, split=split, processes=processes or os.cpu_count() or 1, say=say)
    if as_json:
        out.print_json(written.report.canonical().decode())
        return
    _show(written.report)
    out.print(lake().uri(written.page), markup=False, highlight=False)


def _recorded(use_case: str, first: str | None, last: str | None) -> None:
    from driftgate.backtest.recorded import decided_again
    from driftgate.use_cases import load_use_case

    found = decided_again(load_use_case(use_case), first, last)
    for night in found:
        out.print(night.sentence, markup=False, highlight=False)
    differing = sum(not night.same for night in found)
    if differing:
        fail(f"{differing} of {len(found)} recorded nights would be decided otherwise now.")
    out.print(f"All {len(found)} recorded nights are decided again as they were, byte for byte.", highlight=False)


@contextmanager
def _progress(asked: "Asked") -> "Iterator[Say]":
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from driftgate.cli.sentences import err
    from driftgate.partition_keys import keys_between

    total = len(keys_between(asked.first, asked.last))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err) as progress:
        bars = {policy.name: progress.add_task(policy.name, total=total) for policy in asked.policies}
        yield lambda name, nights: progress.update(bars[name], completed=nights)


def _show(report: "BacktestReport") -> None:
    from rich.table import Table

    table = Table()
    names = ("policy", report.metric, "of weekly's gain", "regret", "trainings", "champions", "false", "missed", "cost")
    for name in names:
        table.add_column(name, no_wrap=True, justify="left" if name == "policy" else "right")
    for one in report.outcomes:
        share = one.periods[0].share_of_gain
        table.add_row(
            f"{one.name}{' *' if one.name == report.chosen else ''}",
            f"{one.value:.4f}",
            "-" if share is None else f"{share:.1%}",
            f"{one.regret:.4f}",
            f"{len(one.trainings)}",
            f"{one.switches}",
            f"{one.false_alarms}",
            f"{len(one.missed)}",
            f"${one.training_usd:.2f}",
        )
    out.print(table)
