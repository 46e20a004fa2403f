"""Model versions as the catalogue sees them: their features, what those bring, how sensitive they make it."""

from collections.abc import Mapping
from dataclasses import dataclass

from driftgate.catalog.entries import FeatureEntry, ModelEntry
from driftgate.catalog.sensitivity import highest
from driftgate.errors import DriftgateError


@dataclass(frozen=True)
class KnownModel:
    """One registered version with the share of the importance of each feature, the newest versions only."""

    name: str
    dataset_version: str
    columns: tuple[str, ...]
    shares: Mapping[str, float] | None


def known_models(use_case_name: str) -> list[KnownModel]:
    """Return the registered versions of a use case, the newest first; one that fails its check is left out.

    Whether a package is whole is for the endpoint and ``lineage verify`` to say; the catalogue describes the others.
    """
    from driftgate.registry import list_models

    newest_first = list(reversed(list_models(use_case_name)))
    found = (_known(use_case_name, model.version, place) for place, model in enumerate(newest_first))
    return [model for model in found if model]


def model_entries(use_case_name: str, models: list[KnownModel], features: list[FeatureEntry]) -> list[ModelEntry]:
    """Return the entries of ``models``, each as sensitive as the worst of its features."""
    levels = {feature.name: feature.sensitivity for feature in features}
    entries = []
    for model in models:
        names = tuple(f"{use_case_name}/{column}" for column in model.columns)
        entries.append(
            ModelEntry(
                name=model.name,
                use_case=use_case_name,
                dataset_version=model.dataset_version,
                dataset_check=_check(model.dataset_version),
                features=names,
                sensitivity=highest(*(levels[name] for name in names if name in levels)),
            )
        )
    return entries


def _check(dataset_version: str) -> str | None:
    from driftgate.evaluation.dataset_check import read_check

    try:
        found = read_check(dataset_version)
    except DriftgateError:  # of another version of Driftgate
        return None
    return found.verdict if found else None


def _known(use_case_name: str, version: str, place: int) -> KnownModel | None:
    import json

    from driftgate.evaluation.feature_baseline import read_feature_baseline
    from driftgate.registry import find_model, verified_files
    from driftgate.registry.feature_worth import VERSIONS
    from driftgate.registry.package import FEATURE_BASELINE

    try:
        model = find_model(use_case_name, version)
        files = verified_files(model)
        measured = place < VERSIONS and FEATURE_BASELINE in files
        found = read_feature_baseline(files[FEATURE_BASELINE], f"{model.folder}") if measured else None
    except DriftgateError:
        return None
    columns = tuple(column["name"] for column in json.loads(files["signature.json"])["columns"])
    shares = {name: 100 * item.importance.share for name, item in found.features.items()} if found else None
    return KnownModel(f"{use_case_name}/{version}", model.dataset_version, columns, shares)
