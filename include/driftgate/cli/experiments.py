"""``driftgate experiments``: compare what was tried, and try algorithms, levels and groups of features side by side."""

import json as jsons
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from driftgate.cli.sentences import out

if TYPE_CHECKING:
    from driftgate.experiments.jobs import Outcome

app = typer.Typer(help="Experiments: compare, ladder, tradeoff, ablation.", no_args_is_help=True)

UseCase = Annotated[str, typer.Argument(help="Name of a use case, such as flight_delays.")]
Version = Annotated[str, typer.Argument(help="What to train on, as 'driftgate dataset list' prints it.")]
Trainers = Annotated[list[str] | None, typer.Option(help="A further trainer, such as torch; may be repeated.")]


@app.command()
def compare(
    use_case: UseCase,
    limit: Annotated[int, typer.Option(help="How many lines; 0 for all.")] = 20,
    json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Rank model versions, trials and experiments by the primary metric, and say what each did differently."""
    from driftgate.experiments import compare as compared
    from driftgate.experiments.compare import shown
    from driftgate.use_cases import load_use_case

    parsed = load_use_case(use_case)
    tried = compared(parsed)
    if json:
        out.print_json(jsons.dumps([one.model_dump(mode="json") for one in tried]))
        return
    if not tried:
        out.print("Nothing was tried yet; the retrain DAG or driftgate experiments ladder does.")
        return
    rows = [
        (
            str(one.rank or "-"),
            one.name,
            _number(one.value),
            one.state,
            shown(one.against_best),
            shown(one.against_parent) if one.parent else "-",
            _number(one.cpu_seconds, 1),
        )
        for one in (tried[:limit] if limit else tried)
    ]
    heads = ("rank", "what", parsed.metric.primary, "state", "against the best", "against its parent", "CPU s")
    _print(heads, rows)


@app.command()
def ladder(use_case: UseCase, dataset_version: Version, trainer: Trainers = None) -> None:
    """Climb from the rule of thumb to the most complex model, and say which rung is worth its cost."""
    from driftgate.datasets import load_version
    from driftgate.experiments import ladder as climb
    from driftgate.training.trainer import find_trainer
    from driftgate.use_cases import load_use_case

    for name in trainer or []:
        find_trainer(name)
    trainers: Any = trainer or []
    made = climb(load_use_case(use_case), load_version(dataset_version).name, trainers, say=_say)
    rows = [
        (
            rung.algorithm,
            _number(rung.value),
            _signed(rung.gain),
            _interval(rung.gain_interval),
            _number(rung.train_cpu_seconds, 1),
            _number(rung.train_usd, 4),
        )
        for rung in made.rungs
    ]
    _print(("algorithm", made.metric, "gain on the rung below", "interval", "CPU s", "USD"), rows)
    for rung, choice in zip(made.rungs, made.choices, strict=True):
        out.print(f"{rung.algorithm}: {choice.sentence}", highlight=False)
    out.print(f"Chosen: {made.chosen}.", highlight=False)
    _where(made.use_case, made.dataset_version, "ladder.json", "algorithm_selection.json")


@app.command()
def tradeoff(
    use_case: UseCase,
    dataset_version: Version,
    row_share: Annotated[float | None, typer.Option(min=0.001, max=1, help="Of the training rows.")] = None,
) -> None:
    """Train levels of complexity with folds, mark those that no other beats, and say which are worth their compute."""
    from driftgate.datasets import load_version
    from driftgate.experiments import trade_off
    from driftgate.use_cases import load_use_case

    made = trade_off(load_use_case(use_case), load_version(dataset_version).name, row_share=row_share, say=_say)
    rows = [
        (
            level.level + (" *" if level.pareto else ""),
            _number(level.cv_mean),
            _number(level.cv_spread),
            _number(level.gap),
            _number(level.latency_ms_p95, 3),
            _number(level.model_mb, 3),
            _number(level.train_cpu_seconds, 1),
            _number(level.train_usd, 4),
            _number(level.expected_cost_usd_per_1000, 0),
            level.reason,
        )
        for level in made.levels
    ]
    heads = ("level", f"{made.metric} over folds", "spread", "train minus validation", "p95 ms", "MB", "CPU s")
    _print((*heads, "USD", "errors, USD per 1,000", "why"), rows)
    out.print("* no other level is as good in all of metric, CPU seconds, latency and size.", highlight=False)
    for step in made.steps:
        needs = " It needs a justification." if step.verdict == "needs_justification" else ""
        out.print(step.sentence + needs, highlight=False, markup=False)
    out.print(f"Preferred: {made.preferred or 'none, no level was measured'}.", highlight=False)
    _where(made.use_case, made.dataset_version, "tradeoff.json")


@app.command()
def ablation(use_case: UseCase, dataset_version: Version) -> None:
    """Train without each group of features, and say what the group is worth."""
    from driftgate.datasets import load_version
    from driftgate.experiments import ablate
    from driftgate.use_cases import load_use_case

    made = ablate(load_use_case(use_case), load_version(dataset_version).name, say=_say)
    rows = [
        (one.group, str(len(one.features)), _number(one.value), _signed(one.worth), _interval(one.interval), one.reason)
        for one in made.ablations
    ]
    whole = ("nothing", "0", _number(made.value), "-", "-", "")
    _print(("without", "features", made.metric, "worth", "interval", "why"), [whole, *rows])
    _where(made.use_case, made.dataset_version, "ablation.json")


def _say(outcome: "Outcome") -> None:
    spec = outcome.spec
    found = outcome.reason or f"{spec.metric} {outcome.result.metrics[f'validation_{spec.metric}']:.5f}"  # type: ignore[union-attr]
    out.print(f"{spec.job_id} ({spec.trainer}): {found}", highlight=False)


def _print(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.table import Column, Table

    first, *others = heads
    table = Table(Column(first, no_wrap=True), *others)
    for row in rows:
        table.add_row(*row)
    out.print(table)


def _where(use_case: str, dataset_version: str, *names: str) -> None:
    from driftgate import uris
    from driftgate.lake import lake

    for name in names:
        out.print(lake().uri(uris.experiment(use_case, dataset_version, name)), highlight=False)


def _number(value: float | None, digits: int = 5) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.5f}"


def _interval(bounds: tuple[float, float] | None) -> str:
    return "-" if bounds is None else f"{bounds[0]:+.5f} to {bounds[1]:+.5f}"
