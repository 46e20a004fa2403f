"""``driftgate tune``: search a trainer's parameters, and read what was found."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from driftgate.cli.sentences import out
from driftgate.cli.train import BeyondBudget

if TYPE_CHECKING:
    from rich.table import Table

    from driftgate.tuning import Study, TuningReport
    from driftgate.tuning.controller import Standing

app = typer.Typer(help="Tuning: run a study, show what it found, show the search space.", no_args_is_help=True)

UseCase = Annotated[str, typer.Argument(help="Name of a use case, such as flight_delays.")]
SHOWN = 10


@app.command()
def run(
    use_case: UseCase,
    dataset_version: Annotated[str, typer.Argument(help="What to train on, as 'driftgate dataset list' prints it.")],
    trials: Annotated[int | None, typer.Option(help="How many at most.")] = None,
    minutes: Annotated[float | None, typer.Option(help="Running time of all trials together.")] = None,
    usd: Annotated[float | None, typer.Option(help="Cost of all trials together, in US dollars.")] = None,
    strategy: Annotated[str | None, typer.Option(help="bayesian, hyperband, random or grid.")] = None,
    parallel: Annotated[int | None, typer.Option(help="How many trials run at once.")] = None,
    objective: Annotated[str | None, typer.Option(help="efficiency (fewest trials) or time.")] = None,
    target: Annotated[str | None, typer.Option(help="A compute target other than train.target.")] = None,
    warm_start: Annotated[list[str] | None, typer.Option(help="An earlier study; up to five times.")] = None,
    warm_start_type: Annotated[
        str, typer.Option(help="identical_data_and_algorithm or transfer_learning.")
    ] = "transfer_learning",
    beyond_budget: BeyondBudget = False,
) -> None:
    """Search; what is left out is as use_case.yaml says. Run again after a kill, it goes on; with higher limits too."""
    from driftgate.datasets import load_version
    from driftgate.ledger import require_budget
    from driftgate.tuning import budget_answer, lead, open_tuning, tune_with
    from driftgate.use_cases import load_use_case

    parsed = load_use_case(use_case)
    asked: dict[str, Any] = {
        "max_trials": trials,
        "minutes": minutes,
        "usd": usd,
        "strategy": strategy,
        "max_parallel": parallel,
        "objective": objective,
        "target": target,
        "warm_start": {"type": warm_start_type, "parents": warm_start} if warm_start else None,
    }
    tuning = open_tuning(parsed, load_version(dataset_version).name, tune_with(parsed, asked, "driftgate tune run"))
    require_budget(budget_answer(tuning, parsed, datetime.now(UTC)), approved=beyond_budget)
    study = tuning.study
    out.print(f"Study {study.name}: {study.strategy} search, {study.parallel} trials at once", highlight=False)
    _print_report(lead(tuning, say=lambda standing: _say(study, standing)))


@app.command()
def show(
    use_case: UseCase,
    study: Annotated[str | None, typer.Argument(help="One study; the list of all if left out.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the whole report as JSON.")] = False,
) -> None:
    """List the studies of a use case, or print what one of them found."""
    from driftgate.tuning import find_study, read_report, studies
    from driftgate.use_cases import load_use_case

    name = load_use_case(use_case).name
    if study is None:
        known = studies(name)
        out.print(_studies(known) if known else f"There are no studies yet; driftgate tune run {name} opens one.")
        return
    report = read_report(find_study(name, study))
    if json:
        out.print_json(report.model_dump_json())
    else:
        _print_report(report)


@app.command()
def space(use_case: UseCase) -> None:
    """Print the search space and the limits, checked against the trainer."""
    from rich.table import Column, Table

    from driftgate.tuning.space import base_parameters, declared_tune
    from driftgate.use_cases import load_use_case

    parsed = load_use_case(use_case)
    tune, now = declared_tune(parsed), base_parameters(parsed)
    table = Table(Column("parameter", no_wrap=True), "type", "scale", "values", "now")
    for name, found in tune.space.items():
        values = ", ".join(map(str, found.choices)) if found.choices else f"{found.low:g} to {found.high:g}"
        table.add_row(name, found.type, "-" if found.choices else found.scale, values, str(now[name]))
    out.print(table)
    out.print(
        f"At most {tune.max_trials} trials, {tune.parallel()} at once ({tune.parallel('efficiency')} for efficiency, "
        f"{tune.parallel('time')} for time).",
        highlight=False,
    )


def _say(study: "Study", standing: "Standing") -> None:
    from driftgate.tuning.warm_start import ranked

    states = [trial.state for trial in standing.trials]
    counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    order = ranked(study, standing.trials)
    best = f"; best {study.measured} {order[0].value:.5f}, trial {order[0].number}" if order else ""
    out.print(f"{len(states)} trials: {counts}{best}", highlight=False)


def _print_report(report: "TuningReport") -> None:
    from driftgate import uris
    from driftgate.lake import lake

    study, numbers = report.study, report.numbers
    out.print(_leaderboard(report))
    gain = "" if numbers.gain is None else f", {numbers.gain:+.5f} better than the parameters it began with"
    best = "No trial ended with a value" if numbers.best is None else f"Best {study.measured} {numbers.best:.5f}{gain}"
    out.print(
        f"{best}; {numbers.trials_to_best or '-'} of {numbers.trials} trials to find it, {numbers.pruned_share:.0%} "
        f"pruned, {numbers.seconds:.0f} s. It ended by: {report.ended_by}.",
        highlight=False,
    )
    out.print(report.winner_yaml, markup=False, highlight=False, end="")
    page = lake().uri(uris.tuning_report(study.use_case, study.name, "index.html"))
    out.print(f"The whole report: {page}", highlight=False)


def _leaderboard(report: "TuningReport") -> "Table":
    from rich.table import Table

    from driftgate.tuning.page import shown

    table = Table("rank", "trial", report.study.measured, *report.study.space, "seconds", "state")
    for leader in report.leaderboard[:SHOWN]:
        values = [shown(leader.parameters.get(name)) for name in report.study.space]
        rank, value = shown(leader.rank), shown(leader.value)
        table.add_row(rank, str(leader.number), value, *values, shown(leader.seconds), leader.state)
    return table


def _studies(known: "list[Study]") -> "Table":
    from rich.table import Column, Table

    from driftgate.tuning import trials_of
    from driftgate.tuning.report import numbers_of

    whole = [Column(name, no_wrap=True) for name in ("study", "best", "gain", "pruned")]
    table = Table(*whole, "trials", "to best", "trained on", "strategy")
    for study in known:
        found = numbers_of(study, trials_of(study))
        value = "-" if found.best is None else f"{found.best:.5f}"
        gain = "-" if found.gain is None else f"{found.gain:+.5f}"
        counts = [f"{found.pruned_share:.0%}", str(found.trials), str(found.trials_to_best or "-")]
        table.add_row(study.name, value, gain, *counts, study.dataset_version, study.strategy)
    return table
