"""``driftgate dataset issues``: what was wrong with the partitions of a dataset, and what was decided."""

from typing import Annotated

import typer

from driftgate.cli.sentences import out


def issues(
    dataset: Annotated[str, typer.Argument(help="Name of a data contract, for example flights.")],
    everything: Annotated[bool, typer.Option("--all", help="Also what a later delivery has mended.")] = False,
) -> None:
    """List the broken rules of a dataset's partitions with the decision taken, oldest partition first."""
    from rich.table import Table

    from driftgate.contracts import load_contract
    from driftgate.contracts.issues import issues as issues_of

    found = issues_of(load_contract(dataset).name)
    table = Table("partition", "rule", "severity", "broken", "decision", "where")
    for issue in found:
        if everything or issue.decision != "mended":
            broken = f"{issue.broken:,} of {issue.judged:,}"
            table.add_row(issue.partition, issue.rule, issue.severity, broken, issue.decision, issue.where)
    out.print(table if table.row_count else f"No partition of {dataset} has a broken rule on record.")
