"""``driftgate fairness``: how the groups of a model's facets fare, and the cases that a finding opens."""

from typing import Annotated, Literal

import typer

from driftgate.cli.sentences import out

app = typer.Typer(help="Fairness of models: show, cases, close.", no_args_is_help=True)

UseCase = Annotated[str, typer.Argument(help="Name of a use case, such as flight_delays.")]


@app.command()
def show(use_case: UseCase, version: Annotated[str, typer.Argument(help="A model version, such as 3.")]) -> None:
    """Show what the evaluation of a model version found about the groups of each facet."""
    from rich.table import Column, Table

    from driftgate.evaluation import read_report
    from driftgate.registry import find_model
    from driftgate.use_cases import load_use_case

    model = find_model(load_use_case(use_case).name, version)
    found = read_report(model.use_case, model.job_id).fairness
    if found is None:
        out.print(f"{use_case}/{version} was evaluated without facets; add the section 'fairness'.", highlight=False)
        return
    table = Table(Column("facet.group.metric", no_wrap=True), "rows", "value", "interval", "champion", "verdict")
    for one in found.results:
        interval = "-" if one.interval is None else f"{one.interval[0]:.3f} to {one.interval[1]:.3f}"
        table.add_row(one.name, f"{one.rows:,}", _number(one.value), interval, _number(one.champion), one.verdict)
    out.print(table)
    shares = Table("facet", "group", "training", "validation", "live")
    for share in found.shares:
        live = "-" if share.live is None else f"{share.live:.1%}"
        shares.add_row(share.facet, share.group, f"{share.train:.1%}", f"{share.validation:.1%}", live)
    out.print(shares)
    for proxy in found.proxies:
        out.print(f"{proxy.feature} stands for {proxy.group} of {proxy.facet}: AUC {proxy.auc:.3f}.", highlight=False)


@app.command()
def cases(
    use_case: Annotated[str | None, typer.Argument(help="One use case; all of them if left out.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
) -> None:
    """List the open bias cases; a critical one stops every promotion of its use case."""
    from rich.markup import escape
    from rich.table import Column, Table

    from driftgate.evaluation.bias_cases import bias_cases
    from driftgate.use_cases import load_use_case

    table = Table("use case", Column("case", no_wrap=True), "value", "severity", "state", "owner", "found", "reason")
    for case in bias_cases(load_use_case(use_case).name if use_case else ""):
        if every or case.state == "open":
            found = f"{case.found_by}, {case.as_of}"
            row = (f"{case.value:.3f}", case.severity, case.state, escape(case.owner), found, escape(case.reason))
            table.add_row(case.use_case, case.case, *row)
    out.print(table if table.row_count else "No bias case is open.")


@app.command()
def close(
    use_case: UseCase,
    case: Annotated[str, typer.Argument(help="The case, as facet.group.metric.")],
    state: Annotated[
        Literal["mitigated", "accepted", "closed"],
        typer.Option(help="mitigated: the model is mended; accepted: you answer for it; closed: it was none."),
    ] = "closed",
    reason: Annotated[str, typer.Option(help="Why; it is recorded.")] = "",
    by: Annotated[str, typer.Option(help="Who decides; it is recorded.")] = "",
) -> None:
    """Decide about an open bias case."""
    from driftgate.evaluation.bias_cases import close_case
    from driftgate.use_cases import load_use_case

    done = close_case(load_use_case(use_case).name, case, state, actor=by, reason=reason)
    out.print(f"Bias case {case} of {use_case} is {done.state}.", highlight=False)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
