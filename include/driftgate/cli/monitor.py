"""``driftgate monitor``: what was decided each night, what came of it, and what people say about it."""

from collections import Counter
from collections.abc import Mapping
from typing import Annotated

import typer

from driftgate.cli.sentences import fail, out

app = typer.Typer(help="Nights, verdicts and what followed from them.", no_args_is_help=True)

UseCase = Annotated[str, typer.Argument(help="Name of a use case, such as flight_delays.")]
Night = Annotated[str, typer.Argument(help="The partition that the night is about, such as 2013-04-01.")]
Newest = Annotated[str | None, typer.Argument(help="The partition, such as 2013-04-01; left out: the newest.")]
Reason = Annotated[str, typer.Option(help="Why, in a few words; it is recorded with your name.")]


@app.command()
def show(use_case: UseCase, night: Newest = None) -> None:
    """Show the verdict about a night: the rule that decided, what each monitor found, what was held back."""
    from rich.table import Table

    from driftgate.errors import ConfigError
    from driftgate.monitoring import verdict_of, verdicts
    from driftgate.use_cases import load_use_case

    name = load_use_case(use_case).name
    newest = verdict_of(name, night) if night else next(iter(verdicts(name)[::-1]), None)
    if newest is None:
        raise ConfigError(f"There is no verdict of {name}{f' about {night}' if night else ''}; has {name}.monitor run?")
    out.print(f"{newest.key}: {newest.decision}, by rule {newest.rule}. {newest.sentence}", markup=False)
    table = Table("monitor", "finding", "severity", "nights", "statistic", "value", "threshold", "rows")
    for one in newest.evidence:
        numbers = ["" if value is None else f"{value:.4g}" for value in (one.value, one.threshold)]
        nights = str(newest.drift_nights.get(one.monitor, ""))
        table.add_row(
            one.monitor, one.verdict, one.severity or "", nights, one.statistic, *numbers, f"{one.sample_size:,}"
        )
    out.print(table)


@app.command()
def summary(use_case: UseCase) -> None:
    """Count the verdicts of a use case, its retrainings, and what leaving a good model alone has saved."""
    from driftgate.ledger import avoided
    from driftgate.monitoring import outcomes, verdicts
    from driftgate.use_cases import load_use_case

    name = load_use_case(use_case).name
    decisions = Counter(str(verdict.decision) for verdict in verdicts(name) if not verdict.backfill)
    _count("Nights", decisions)
    _count("Retrainings", Counter(f"{one.trigger}, {one.status}" for one in outcomes(name)))
    for one in avoided():
        if one.use_case == name:
            kwh = "energy not known" if one.kwh is None else f"{one.kwh:.6f} kWh"
            out.print(f"Retrainings avoided: {one.nights} ({kwh}). {one.sentence}", markup=False, highlight=False)


@app.command()
def outcomes(use_case: UseCase) -> None:
    """List every retraining: what it was due to, whether it was kept, and what it did to the metric."""
    from rich.table import Table

    from driftgate.monitoring import outcomes as all_of
    from driftgate.use_cases import load_use_case

    table = Table("retraining", "due to", "status", "version", "metric", "notes")
    for one in all_of(load_use_case(use_case).name):
        due = f"{one.trigger}: {one.rule}" if one.rule else f"{one.trigger}: {one.reason}"
        table.add_row(one.id, due, one.status, one.model_version or "", one.effect, one.notes)
    out.print(table if table.row_count else f"{use_case} was never retrained.", highlight=False)


@app.command()
def changes(use_case: UseCase) -> None:
    """List what was another one than on the night before: champion, its data, package, code and image, policies."""
    from rich.table import Table

    from driftgate.monitoring.verdicts.changes import changes as all_of
    from driftgate.use_cases import load_use_case

    table = Table("night", "what", "before", "after")
    for one in all_of(load_use_case(use_case).name):
        table.add_row(*one)
    out.print(table if table.row_count else f"Nothing changed between the nights of {use_case}.", highlight=False)


@app.command()
def episodes(use_case: UseCase) -> None:
    """List the drifts of a use case: from when to when, which features, why, what was done, and what that did."""
    from rich.table import Table

    from driftgate.monitoring import episodes as all_of
    from driftgate.use_cases import load_use_case

    table = Table("episode", "until", "nights", "rule", "features", "cause", "intervention", "effect", "closed by")
    for one in all_of(load_use_case(use_case).name):
        said = (one.cause or "", one.intervention or "", one.effect_on_metric or "", one.closed_by or "open")
        table.add_row(one.id, one.last, str(one.nights), one.rule, ", ".join(one.features), *said)
    out.print(table if table.row_count else f"{use_case} had no drift.", highlight=False)


@app.command()
def close(
    use_case: UseCase,
    episode: Annotated[str, typer.Argument(help="Id of an episode, as driftgate monitor episodes shows it.")],
    cause: Annotated[str | None, typer.Option(help="What made the data or the model drift.")] = None,
    effect: Annotated[str | None, typer.Option(help="What it, and what was done, did to the metric.")] = None,
    intervention: Annotated[str | None, typer.Option(help="What was done; left out: what is recorded.")] = None,
) -> None:
    """Close a drift episode, which takes a cause and an effect on the metric."""
    from getpass import getuser

    from driftgate.monitoring import close_episode
    from driftgate.use_cases import load_use_case
    from driftgate.wall_clock import utc_now

    name = load_use_case(use_case).name
    closed = close_episode(
        name, episode, cause=cause, effect=effect, intervention=intervention, actor=getuser(), at=utc_now()
    )
    out.print(f"Episode {closed.id} of {name} is closed: {closed.cause}; {closed.effect_on_metric}.", markup=False)


@app.command("false-alarm")
def false_alarm(use_case: UseCase, night: Night, reason: Reason) -> None:
    """Mark the verdict about a night as a false alarm; its alarm and its episode end with it."""
    from getpass import getuser

    from driftgate.monitoring import mark_false
    from driftgate.use_cases import load_use_case
    from driftgate.wall_clock import utc_now

    mark_false(load_use_case(use_case), night, reason=reason, actor=getuser(), at=utc_now())
    out.print(f"{night} of {use_case} is marked as a false alarm; driftgate monitor propose {use_case} learns from it.")


@app.command()
def propose(use_case: UseCase) -> None:
    """Print how use_case.yaml would have to differ for the marked false alarms to pass; nothing is changed."""
    from driftgate.monitoring import propose as proposal_of
    from driftgate.use_cases import load_use_case

    made = proposal_of(load_use_case(use_case))
    out.print(
        f"With {made.nights} of the last {made.of_last} nights, {', '.join(made.passed)} would have passed, and the "
        f"{made.found} other alarms would still have come. Try it with a backtest before you merge it.",
        markup=False,
        highlight=False,
    )
    out.print(made.diff, markup=False, highlight=False, soft_wrap=True, end="")


@app.command()
def register(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail when the page is stale.")] = False,
) -> None:
    """Write docs/reference/monitors.md: which requirement each monitor watches, and what follows."""
    from driftgate.catalog.monitors import PAGE, monitors_page, register_problems
    from driftgate.errors import ConfigError
    from driftgate.settings import project_root
    from driftgate.use_cases import load_use_case, use_case_names

    problems = [problem for name in use_case_names() for problem in register_problems(load_use_case(name))]
    if problems:
        fail("\n".join(problems))
    path, text = project_root() / PAGE, monitors_page()
    if check and not (path.exists() and path.read_text() == text):
        raise ConfigError(f"{path} is not what the use cases say now; run 'driftgate monitor register' and commit it.")
    if not check:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    out.print(f"{PAGE} {'is' if check else 'says'} what the use cases register.", highlight=False)


def _count(what: str, found: Mapping[str, int]) -> None:
    said = "; ".join(f"{count} {name}" for name, count in sorted(found.items())) or "none"
    out.print(f"{what}: {said}.", markup=False, highlight=False)
