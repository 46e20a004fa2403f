"""Building the catalogue, keeping it in the metadata store, and finding things in it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from driftgate import uris
from driftgate.catalog.datasets import dataset_entry
from driftgate.catalog.entries import Catalog, DatasetEntry, FeatureEntry, ModelEntry
from driftgate.catalog.features import feature_entries, with_duplicates
from driftgate.catalog.models import known_models, model_entries
from driftgate.contracts import contract_names
from driftgate.errors import ConfigError, nearest
from driftgate.lake import lake
from driftgate.lineage.record import natural
from driftgate.metadata import metadata
from driftgate.records import parse_record
from driftgate.use_cases import load_use_case, use_case_names

KIND = "catalog"
INDEX = "index"
FINDINGS = "sensitive_data"  # what discovery found, one record per dataset
PAGE = uris.catalog()


@dataclass(frozen=True)
class Hit:
    """Something that a search found; ``text`` is what was searched, in small letters."""

    kind: str
    name: str
    meaning: str
    text: str


def build_catalog() -> Catalog:
    """Return the catalogue of this project as it is now.

    :raises ConfigError: a contract, a use case or its SQL is wrong
    """
    found = {entry.subject: entry.body.get("columns", {}) for entry in metadata().all_latest(FINDINGS)}
    datasets = {name: dataset_entry(name, found.get(name)) for name in contract_names()}
    features: list[FeatureEntry] = []
    models: list[ModelEntry] = []
    for use_case in map(load_use_case, use_case_names()):
        known = known_models(use_case.name)
        own = feature_entries(use_case, datasets, known)
        features += own
        models += model_entries(use_case.name, known, own)
    features = with_duplicates(features)
    used = [_with_users(entry, features) for entry in datasets.values()]
    return Catalog(datasets=tuple(used), features=tuple(features), models=tuple(models))


def sync_catalog() -> Catalog:
    """Build the catalogue, write its page and those of the models, and record each entry that has changed."""
    from driftgate.catalog.model_page import write_model_page
    from driftgate.catalog.page import render_catalog

    catalog = build_catalog()
    for model in catalog.models:
        write_model_page(model.use_case, model.name.rpartition("/")[2])
    lake().write(PAGE, render_catalog(catalog))
    bodies = {subject: entry.model_dump(mode="json") for subject, entry in _subjects(catalog).items()}
    for subject, body in {**bodies, INDEX: {"entries": list(bodies)}}.items():
        latest = metadata().latest(KIND, subject)
        if latest is None or latest.body != body:
            metadata().append(KIND, subject, body)
    return catalog


def stored_catalog() -> Catalog:
    """Return the catalogue as it was last built.

    :raises ConfigError: it never was
    """
    index = metadata().latest(KIND, INDEX)
    if index is None:
        raise ConfigError("There is no catalogue yet; run 'driftgate catalog build'.")
    bodies = {entry.subject: entry.body for entry in metadata().all_latest(KIND)}
    parts: dict[str, list[dict[str, object]]] = {"dataset": [], "feature": [], "model": []}
    for subject in index.body["entries"]:
        parts[subject.partition(":")[0]].append(bodies[subject])
    whole = {"datasets": parts["dataset"], "features": parts["feature"], "models": parts["model"]}
    return parse_record(whole, Catalog, where="the catalogue in the metadata store")


def search(catalog: Catalog, words: Sequence[str]) -> list[Hit]:
    """Return what has every one of ``words`` in its name, meaning, columns, owner or source, whatever their case."""
    wanted = [word.lower() for word in words]
    return [hit for hit in _hits(catalog) if all(word in hit.text for word in wanted)]


def dataset_of(catalog: Catalog, name: str) -> DatasetEntry:
    """Return the entry of the dataset ``name``.

    :raises ConfigError: there is none
    """
    found = {entry.name: entry for entry in catalog.datasets}
    if name not in found:
        raise ConfigError(f"The catalogue has no dataset {name!r}{nearest(name, found)}")
    return found[name]


def _hits(catalog: Catalog) -> Iterator[Hit]:
    for dataset in catalog.datasets:
        columns = " ".join(f"{column.name} {column.description}" for column in dataset.columns)
        yield _hit("dataset", dataset.name, dataset.purpose, columns, dataset.owner, dataset.source, dataset.data_class)
    for feature in catalog.features:
        meaning = feature.description or feature.expression
        yield _hit("feature", feature.name, meaning, *feature.columns, feature.owner)


def _hit(kind: str, name: str, meaning: str, *more: str) -> Hit:
    return Hit(kind, name, meaning, " ".join((name, meaning, *more)).lower())


def _with_users(entry: DatasetEntry, features: Sequence[FeatureEntry]) -> DatasetEntry:
    mine = [item for item in features if any(column.startswith(f"{entry.name}.") for column in item.columns)]
    models = sorted({model for feature in mine for model in feature.models}, key=natural)
    return entry.model_copy(update={"features": tuple(item.name for item in mine), "models": tuple(models)})


def _subjects(catalog: Catalog) -> dict[str, DatasetEntry | FeatureEntry | ModelEntry]:
    datasets = {f"dataset:{entry.name}": entry for entry in catalog.datasets}
    features = {f"feature:{entry.name}": entry for entry in catalog.features}
    return {**datasets, **features, **{f"model:{entry.name}": entry for entry in catalog.models}}
