"""Drawing a trace as a tree."""

from rich.markup import escape
from rich.tree import Tree

from driftgate.lineage.code import CodeRevision
from driftgate.lineage.ranges import label
from driftgate.lineage.record import LineageRecord
from driftgate.lineage.trace import ROOTS, Step

SHORT = 12  # characters of a revision or hash; --all shows them whole
SHOWN_GAPS = 5


def render(step: Step, *, every: bool) -> Tree:
    """Return the tree of ``step``; ``every`` lists each partition and file with its whole hash."""
    return _branch(step, Tree(_title(step)), every)


def _branch(step: Step, tree: Tree, every: bool) -> Tree:
    for line in _facts(step, every):
        tree.add(f"[dim]{escape(line)}[/dim]")
    for line in _gaps(step, every):
        tree.add(f"[yellow]missing: {escape(line)}[/yellow]")
    for child in step.children:
        _branch(child, tree.add(_title(child)), every)
    return tree


def _title(step: Step) -> str:
    title = f"[bold]{escape(label(step.members))}[/bold]"
    return f"{title} [dim](shown above)[/dim]" if step.seen_above else title


def _facts(step: Step, every: bool) -> list[str]:
    if step.seen_above:
        return []
    members = [f"{ref.name} @ {ref.version or 'not pinned'}" for ref in step.members] if every else []
    return [*_prediction(step), *_origin(step, every), *members]


def _prediction(step: Step) -> list[str]:
    if (found := step.prediction) is None:
        return []
    answer = "no score" if found.score is None else f"score {found.score:.6f}"
    return [
        f"{answer} from the {found.role}, version {found.model_version}, for {found.event_time}",
        f"captured in {found.captured_in}",
    ]


def _origin(step: Step, every: bool) -> list[str]:
    if len(step.makers) == 1:
        return _one_run(step.makers[0], every)
    if step.makers:
        return _many_runs(step.makers)
    if step.members[0].name.startswith(ROOTS):
        return [] if every else _content(step)
    return []


def _content(step: Step) -> list[str]:
    pinned = {ref.version for ref in step.members if ref.version}
    first = step.members[0]
    if len(step.members) == 1:
        return [f"sha256 {first.version}"] if first.version else []
    return [f"sha256 of the first {first.version}; --all lists all {len(step.members)}"] if pinned else []


def _one_run(record: LineageRecord, every: bool) -> list[str]:
    run = record.facet("driftgate_run").get("name", record.event["run"]["runId"])
    facts = [f"by {record.job} at {record.time[:19]}Z, run {run}", _code(record, every)]
    parameters = record.facet("driftgate_parameters")
    if values := {name: value for name, value in parameters.get("values", {}).items() if value is not None}:
        written = ", ".join(f"{name}={value}" for name, value in values.items())
        facts.append(f"parameters {written} (hash {_cut(parameters['sha256'], every)})")
    facts.append(f"record lineage/{record.stream}/{record.sequence:08d}.json, hash {_cut(record.hash, every)}")
    return facts


def _many_runs(makers: tuple[LineageRecord, ...]) -> list[str]:
    jobs = sorted({record.job for record in makers})
    codes = list(dict.fromkeys(_code(record, every=False) for record in makers))
    places = sorted((record.stream, record.sequence) for record in makers)
    (stream, first), (_, last) = places[0], places[-1]
    return [
        f"by {', '.join(jobs)}, {len(makers)} records",
        *codes,
        f"records lineage/{stream}/{first:08d}.json … {last:08d}.json",
    ]


def _code(record: LineageRecord, every: bool) -> str:
    facet = record.facet("driftgate_code")
    code = CodeRevision(facet.get("revision", "unknown"), facet.get("dirty"))
    state = {True: " with uncommitted changes", False: "", None: ""}[code.dirty]
    image = f", image {facet['image_digest']}" if "image_digest" in facet else ""
    return f"code {_cut(code.revision, every)}{state}, driftgate {facet.get('package_version', 'unknown')}{image}"


def _gaps(step: Step, every: bool) -> list[str]:
    hidden = 0 if every else max(0, len(step.missing) - SHOWN_GAPS)
    shown = list(step.missing) if every else list(step.missing[:SHOWN_GAPS])
    return [*shown, *([f"{hidden} more; --all lists them"] if hidden else [])]


def _cut(text: str, every: bool) -> str:
    return text if every else text[:SHORT]
