"""``driftgate compute``: compute targets measured beside each other before one is chosen."""

from typing import TYPE_CHECKING, Annotated

import typer

from driftgate.cli.sentences import out
from driftgate.cli.train import BeyondBudget, Json, OfUseCase, OfVersion, found, trained

if TYPE_CHECKING:
    from rich.table import Table

    from driftgate.experiments.compute_benchmark import ComputeBenchmark

app = typer.Typer(help="Compare compute targets.", no_args_is_help=True)


@app.callback()
def _compute() -> None:
    """Keep ``benchmark`` a command of its own."""


@app.command()
def benchmark(
    use_case: OfUseCase,
    dataset_version: OfVersion,
    targets: Annotated[str, typer.Option(help="Names in compute.yaml, with commas.")],
    trainers: Annotated[str, typer.Option(help="lightgbm, torch; that of the use case if left out.")] = "",
    row_share: Annotated[float, typer.Option(min=0.001, max=1, help="Of the training rows.")] = 0.1,
    beyond_budget: BeyondBudget = False,
    as_json: Json = False,
) -> None:
    """Train one small job on each target, one after the other: time, use, cost, latency, metric; the record is kept."""
    from driftgate.experiments.compute_benchmark import benchmark_specs, compute_benchmark

    asked, version = found(use_case, dataset_version)
    specs = benchmark_specs(asked, version, _names(targets), _names(trainers), row_share)
    done = compute_benchmark(asked, [(spec, trained(spec, beyond_budget)) for spec in specs])
    if as_json:
        out.print_json(done.canonical().decode())
        return
    out.print(_table(done))
    out.print(f"{done.id}. {done.gpu_sentence}", highlight=False)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _table(done: "ComputeBenchmark") -> "Table":
    from rich.table import Table

    table = Table(
        "target", "trainer", "seconds", "rows/s", "CPU p95", "GPU p95", "memory p95", "MiB", "$ per 1,000 rows"
    )
    for name in ("ms per row p50", "p95", done.metric):
        table.add_column(name)
    for one in done.measured:
        use = [_percent(part) for part in (one.cpu_p95_percent, one.gpu_p95_percent, one.memory_p95_percent)]
        table.add_row(
            one.target,
            one.trainer,
            f"{one.seconds:.1f}",
            f"{one.rows_per_second:,.0f}",
            *use,
            f"{one.peak_memory_mib:,.0f}",
            "unknown" if one.usd_per_1000_rows is None else f"{one.usd_per_1000_rows:.6f}",
            f"{one.latency_p50_ms:.2f}",
            f"{one.latency_p95_ms:.2f}",
            f"{one.value:.4f}",
        )
    return table


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.0f} %"
