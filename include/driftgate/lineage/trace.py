"""Walking upstream: from a prediction or a model version down to partitions, source files, code and parameters.

Things of one kind that one run read together (ninety partitions of flights) are one step of the walk. Where no record
says who made a thing, the step says so: a trace never ends in silence.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from driftgate.errors import ConfigError, nearest
from driftgate.lineage.graph import Graph
from driftgate.lineage.predictions import Prediction, find_prediction, looks_like_prediction
from driftgate.lineage.record import DatasetRef, LineageRecord, natural

ROOTS = ("source/", "captures/")
"""Where lineage begins: files that were delivered, requests that were received. No run of ours made them."""


@dataclass(frozen=True)
class Step:
    """Things of one kind, the runs that made them, and what those runs read."""

    members: tuple[DatasetRef, ...]
    makers: tuple[LineageRecord, ...] = ()
    missing: tuple[str, ...] = ()
    seen_above: bool = False
    prediction: Prediction | None = None
    children: list["Step"] = field(default_factory=list)


def trace(target: str, graph: Graph | None = None) -> Step:
    """Return what ``target`` was made from, as far back as the records go.

    :param target: a prediction id, a model version such as ``flight_delays/3``, or any name that a run wrote
    :raises ConfigError: neither a capture nor a record knows the target
    """
    if looks_like_prediction(target):
        return _of_prediction(target, graph or Graph.of_lake())
    walk = _Walk(graph or Graph.of_lake())
    return walk.step([_resolve(target, walk.graph)], before=None)


def _of_prediction(prediction_id: str, graph: Graph) -> Step:
    found = find_prediction(prediction_id)
    model = DatasetRef(f"model/{found.use_case}/{found.model_version}", None)
    members = (DatasetRef(f"prediction/{prediction_id}", None),)
    return Step(members, prediction=found, children=[_Walk(graph).step([model], before=None)])


def _resolve(target: str, graph: Graph) -> DatasetRef:
    name, _, version = target.partition("@")
    for candidate in (name, f"model/{name}", f"dataset_version/{name}"):
        if (newest := graph.newest(candidate)) is not None:
            return _chosen(newest, version, graph)
    known = [known for known in graph.names if known.startswith("model/")]
    raise ConfigError(f"No run recorded in the lake wrote {target!r}{nearest(target, known)}")


def _chosen(newest: DatasetRef, version: str, graph: Graph) -> DatasetRef:
    if not version:
        return newest
    matches = [known for known in graph.versions(newest.name) if known.startswith(version)]
    if len(matches) != 1:
        problem = "More than one version" if matches else "No version"
        raise ConfigError(
            f"{problem} of {newest.name} starts with {version!r}; known: {', '.join(graph.versions(newest.name))}."
        )
    return DatasetRef(newest.name, matches[0])


class _Walk:
    """One walk; what was expanded once is only named the second time."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._expanded: set[tuple[DatasetRef, ...]] = set()

    def step(self, members: Sequence[DatasetRef], *, before: str | None) -> Step:
        refs = tuple(self._pinned(ref, before) for ref in members)
        if refs in self._expanded:
            return Step(refs, seen_above=True)
        self._expanded.add(refs)
        made = [(ref, self.graph.maker(ref, before=before)) for ref in refs]
        makers = {record.hash: record for _, record in made if record}
        missing = tuple(self._gap(ref) for ref, record in made if record is None and not ref.name.startswith(ROOTS))
        children = [self.step(group, before=time) for group, time in _groups(list(makers.values()), exclude=set(refs))]
        return Step(refs, tuple(makers.values()), missing, children=children)

    def _pinned(self, ref: DatasetRef, before: str | None) -> DatasetRef:
        maker = self.graph.maker(ref, before=before) if ref.version is None else None
        return next((output for output in maker.outputs if output.name == ref.name), ref) if maker else ref

    def _gap(self, ref: DatasetRef) -> str:
        others = self.graph.versions(ref.name)
        if ref.version and others:
            return f"{ref.name}: no record says who wrote version {ref.version[:12]}; recorded: {_short(others)}"
        return f"{ref.name}: no record says who wrote it"


def _groups(makers: list[LineageRecord], exclude: set[DatasetRef]) -> list[tuple[tuple[DatasetRef, ...], str]]:
    """Return the inputs of ``makers`` by kind, jobs first, each with the time of the last run that read it."""
    grouped: dict[str, dict[DatasetRef, None]] = defaultdict(dict)
    times: dict[str, str] = {}
    for record in makers:
        for ref in record.inputs:
            if ref not in exclude:
                kind = ref.name.rpartition("/")[0]
                grouped[kind][ref] = None
                times[kind] = max(times.get(kind, ""), record.time)
    ordered = sorted(grouped, key=lambda kind: (not kind.startswith("job"), kind))
    return [(tuple(sorted(grouped[kind], key=lambda ref: natural(ref.name))), times[kind]) for kind in ordered]


def _short(versions: list[str]) -> str:
    return ", ".join(version[:12] for version in versions[:5])
