"""``driftgate train``: a training on a compute target without a DAG, and whether more data would help."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from driftgate.cli.sentences import out

if TYPE_CHECKING:
    from rich.table import Table

    from driftgate.compute import JobHandle, JobResult, JobSpec
    from driftgate.training.learning_curve import LearningCurve
    from driftgate.use_cases import UseCase

app = typer.Typer(help="Train on a compute target by hand; nothing is registered.", no_args_is_help=True)

OfUseCase = Annotated[str, typer.Argument(metavar="USE_CASE", help="Name of a use case.")]
OfVersion = Annotated[str, typer.Argument(metavar="DATASET_VERSION", help="As 'driftgate dataset list' prints it.")]
OnTarget = Annotated[str | None, typer.Option("--target", help="Compute target; that of the use case if left out.")]
BeyondBudget = Annotated[
    bool, typer.Option("--beyond-budget", help="Approve what the week's budget does not cover, where one may.")
]
Json = Annotated[bool, typer.Option("--json", help="Print the whole record as JSON.")]


@app.command()
def run(
    use_case: OfUseCase,
    dataset_version: OfVersion,
    target: OnTarget = None,
    row_share: Annotated[
        float | None, typer.Option(min=0.001, max=1, help="Of the training rows; that of the use case if left out.")
    ] = None,
    beyond_budget: BeyondBudget = False,
    as_json: Json = False,
) -> None:
    """Train as the use case says and wait; asked for again, the job is found again."""
    from driftgate.training.learning_curve import share_spec

    asked, version = found(use_case, dataset_version)
    result = trained(share_spec(asked, version, row_share or asked.train.row_share, target), beyond_budget)
    if as_json:
        out.print_json(result.canonical().decode())
        return
    out.print(f"{result.job_id}: {result.stop_reason} after {result.seconds:.1f} s", highlight=False)
    for name, value in sorted(result.metrics.items()):
        out.print(f"  {name} {value:g}", highlight=False)


@app.command("learning-curve")
def learning_curve(
    use_case: OfUseCase,
    dataset_version: OfVersion,
    target: OnTarget = None,
    shares: Annotated[str, typer.Option(help="Of the training rows, in percent.")] = "25,50,75,100",
    beyond_budget: BeyondBudget = False,
    as_json: Json = False,
) -> None:
    """Train on shares of the rows, one after the other, and say whether more data helps and what all rows take."""
    from driftgate.datasets import version_files
    from driftgate.training.learning_curve import curve_specs
    from driftgate.training.learning_curve import learning_curve as compared

    asked, version = found(use_case, dataset_version)
    specs = curve_specs(asked, version, _parsed(shares), target)
    done = [(spec, trained(spec, beyond_budget)) for spec in specs]
    curve = compared(asked, version, version_files(version), done)
    if as_json:
        out.print_json(curve.canonical().decode())
    else:
        _show(curve)


def found(use_case: str, dataset_version: str) -> "tuple[UseCase, str]":
    """Return the use case and the name of its dataset version, both of which must exist."""
    from driftgate.datasets import load_version
    from driftgate.errors import ConfigError
    from driftgate.use_cases import load_use_case

    asked, version = load_use_case(use_case), load_version(dataset_version)
    if version.use_case != asked.name:
        raise ConfigError(
            f"Dataset version {version.name} is of {version.use_case}, not of {asked.name}; name another."
        )
    return asked, version.name


def _parsed(shares: str) -> list[float]:
    from driftgate.errors import ConfigError

    try:
        return [float(share) / 100 for share in shares.split(",")]
    except ValueError:
        raise ConfigError(f"--shares is {shares!r}; write percents with commas, as 25,50,100.") from None


def trained(spec: "JobSpec", beyond_budget: bool) -> "JobResult":
    """Submit what the week's budget covers and wait; whoever stops waiting is told that the job goes on."""
    from driftgate.compute import result, submit
    from driftgate.ledger import require_budget_for

    require_budget_for(spec, approved=beyond_budget)
    handle = submit(spec)
    out.print(f"{spec.job_id}: {handle.state} on {handle.target}, log at {handle.log}", highlight=False, markup=False)
    try:
        _wait(spec, handle)
    except KeyboardInterrupt:
        out.print(f"The job goes on; asked again, it is found. To end it: driftgate job stop {spec.job_id}")
        raise
    return result(spec.job_id, spec.target)


def _wait(spec: "JobSpec", handle: "JobHandle") -> None:
    """Tend the job until it has ended, with a line for each new iteration that progress tells of."""
    from driftgate.compute import poll_seconds, tend
    from driftgate.compute.progress import read_progress

    told = 0
    while not handle.ended:
        time.sleep(poll_seconds(spec.target))
        handle = tend(spec.job_id, spec.target)
        progress = read_progress(spec.job_id)
        if progress and progress.iteration > told:
            told = progress.iteration
            out.print(f"  iteration {told}: {spec.metric} {progress.value:.5f}", highlight=False)


def _show(curve: "LearningCurve") -> None:
    out.print(_table(curve))
    out.print(curve.sentence, highlight=False)
    if curve.knee is not None:
        out.print(f"Most of what resources buy is bought at {curve.knee:.0%} of the rows.", highlight=False)
    if curve.projection:
        all_rows = curve.projection
        cost = "unknown" if all_rows.usd is None else f"${all_rows.usd:.4f}"
        out.print(
            f"All {all_rows.rows:,} rows, projected from the smaller shares: {all_rows.seconds:.1f} s, "
            f"{all_rows.peak_memory_mib:,.0f} MiB, {cost}.",
            highlight=False,
        )


def _table(curve: "LearningCurve") -> "Table":
    from rich.table import Table

    table = Table("share", "rows", curve.metric, "gain", "seconds", "memory MiB", "US dollars")
    for point in curve.points:
        bounds = f" ({point.gain_interval[0]:+.4f} to {point.gain_interval[1]:+.4f})" if point.gain_interval else ""
        table.add_row(
            f"{point.share:.0%}",
            f"{point.rows:,}",
            f"{point.value:.4f}",
            "" if point.gain is None else f"{point.gain:+.4f}{bounds}",
            f"{point.seconds:.1f}",
            f"{point.peak_memory_mib:,.0f}",
            "unknown" if point.usd is None else f"{point.usd:.4f}",
        )
    return table
