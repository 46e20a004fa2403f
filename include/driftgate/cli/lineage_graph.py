"""Drawing a trace as a graph, in the DOT language that Graphviz and most wikis draw."""

import json

from driftgate.lineage.ranges import label
from driftgate.lineage.trace import Step


def dot(step: Step) -> str:
    """Return the graph of ``step``: an arrow from what was read to what was made of it, named after the job."""
    lines: dict[str, None] = {}
    _add(step, lines)
    return "\n".join(["digraph lineage {", "  rankdir=LR; node [shape=box];", *lines, "}"]) + "\n"


def _add(step: Step, lines: dict[str, None]) -> None:
    jobs = ", ".join(sorted({record.job for record in step.makers}))
    lines[f"  {_quoted(step)};"] = None
    for child in step.children:
        lines[f"  {_quoted(child)} -> {_quoted(step)} [label={json.dumps(jobs)}];"] = None
        _add(child, lines)


def _quoted(step: Step) -> str:
    return json.dumps(label(step.members))
