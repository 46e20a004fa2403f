"""What came of a demo: tables made from the records, not from what the demo thinks it did."""

from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table

from driftgate import uris
from driftgate.evaluation.metrics import metric
from driftgate.lake import lake, read_manifest
from driftgate.lineage import read_stream
from driftgate.metadata import metadata
from driftgate.promotion import deployment
from driftgate.registry import list_models
from driftgate.settings import project_root
from driftgate.sources import datasets_of
from driftgate.use_cases import UseCase

MOVES = ("retrain", "review", "rollback")
NOTHING = "-"  # where there is no number to show


def print_summary(console: Console, use_case: UseCase, source: str) -> None:
    """Print partitions, nights, what followed from them, models, and where the reports are."""
    console.print(partitions(source))
    console.print(nights(use_case))
    for line in moves(use_case):
        console.print(line, soft_wrap=True)
    console.print(models(use_case))
    records = {stream: len(read_stream(stream)) for stream in (source, use_case.name)}
    counted = ", ".join(f"{count} in {stream}" for stream, count in records.items())
    console.print(f"Lineage records: {sum(records.values())} ({counted})")
    console.print(f"Reports: {lake().uri('reports')} (validation, evaluation, monitoring, promotion)")
    console.print(f"Policy that decided: {use_case.folder.relative_to(project_root())}/use_case.yaml")


def partitions(source: str) -> Table:
    """Return the table of datasets with their partitions and rows."""
    table = Table("Dataset", "Partitions", "Rows in", "Validated", "Quarantined", title="Data")
    for dataset in datasets_of(source):
        raw, validated, quarantined = (_rows(zone, dataset) for zone in ("raw", "validated", "quarantine"))
        table.add_row(
            dataset, *(f"{number:,}" for number in (len(validated), sum(raw), sum(validated), sum(quarantined)))
        )
    return table


def nights(use_case: UseCase) -> Table:
    """Return the table of verdicts, one row a night with a champion to judge."""
    title = metric(use_case.metric.primary).title
    table = Table("Night", "Champion", f"{title} of its window", "Verdict", "Rule that decided", title="Nights")
    for entry in metadata().all_latest("verdict", f"{use_case.name}/"):
        verdict = entry.body
        performance: dict[str, Any] = next(
            (item for item in verdict["evidence"] if item["monitor"] == "performance"), {}
        )
        table.add_row(
            entry.subject.split("/")[1],
            _text(verdict.get("champion")),
            _interval(performance),
            _coloured(verdict["decision"]),
            verdict["rule"].replace("_", " ") + (", held back" if verdict["suppressed"] else ""),
        )
    return table


def moves(use_case: UseCase) -> Iterator[str]:
    """Yield a line for each night that asked for something, with its reason, and for each move of the traffic."""
    for entry in metadata().all_latest("verdict", f"{use_case.name}/"):
        if entry.body["decision"] in MOVES:
            yield f"{entry.subject.split('/')[1]}: {_coloured(entry.body['decision'])}. {entry.body['sentence']}"
    for entry in metadata().history("deployment", use_case.name):
        state = entry.body
        candidate = f", candidate {state['candidate']}" if state["candidate"] else ""
        yield f"Traffic, move {entry.revision}: {state['step']}, champion {state['champion']}{candidate}"


def models(use_case: UseCase) -> Table:
    """Return the table of model versions with their role and what their own evaluation said."""
    primary = metric(use_case.metric.primary)
    champions = f"Champion's {primary.title} on the same rows"
    table = Table("Version", "Role", "Trained on", primary.title, champions, title="Models")
    state = deployment(use_case.name)
    roles = {variant.version: variant.role for variant in state.models} if state else {}
    for model in list_models(use_case.name):
        table.add_row(
            model.version,
            roles.get(model.version, "retired"),
            model.dataset_version,
            _number(model.metrics.get(primary.name)),
            _number(model.metrics.get(f"champion_{primary.name}")),
        )
    return table


def _rows(zone: str, dataset: str) -> list[int]:
    return [read_manifest(lake(), path).rows for path in _published(zone, dataset)]


def _published(zone: str, dataset: str) -> Iterator[str]:
    folder = uris.partition(zone, dataset, "")
    for path in lake().list(folder.rstrip("/")):
        if path.endswith("/manifest.json"):
            yield path.removesuffix("/manifest.json")


def _interval(evidence: dict[str, Any]) -> str:
    if evidence.get("value") is None:
        return NOTHING
    low, high = evidence.get("interval") or (None, None)
    return f"{evidence['value']:.3f} ({_number(low)} to {_number(high)})"


def _number(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.3f}"


def _text(value: Any) -> str:
    return NOTHING if value is None else str(value)


def _coloured(decision: str) -> str:
    colours = {"quiet": "green", "watch": "yellow", "retrain": "bold red", "rollback": "bold red"}
    return f"[{colours.get(decision, 'cyan')}]{decision}[/]"
