"""Which dataset versions must stay: those of models that serve, may serve again or want to serve, and those on hold."""

from collections.abc import Iterable, Iterator

from driftgate.datasets import DatasetVersion, all_versions, load_any
from driftgate.datasets.holds import holds
from driftgate.promotion import deployment
from driftgate.registry import champion, find_model, list_models
from driftgate.registry.releases import kept_releases


def versions_needed() -> dict[str, str]:
    """Return each dataset version that a model needs, with the reason.

    :raises ConfigError: a model that serves is not registered; then nobody can say what is needed
    """
    needed: dict[str, list[str]] = {}
    for use_case in sorted({version.subject for version in all_versions()}):
        for version, role in _roles(use_case):
            needed.setdefault(find_model(use_case, version).dataset_version, []).append(role)
        for release in kept_releases(use_case):
            needed.setdefault(release.dataset_version, []).append(f"release {release.id}")
    return {name: ", ".join(dict.fromkeys(roles)) for name, roles in needed.items()}


def protected_versions() -> dict[str, str]:
    """Return each dataset version that a model needs or somebody holds, with the reason."""
    return {**{name: f"held by {hold.actor}" for name, hold in holds().items()}, **versions_needed()}


def protected_partitions(versions: Iterable[str]) -> dict[str, str]:
    """Return the partitions of the lake that ``versions`` were made from, each with one of them.

    :raises ConfigError: a version cannot be read: then nothing may be swept
    """
    pinned: dict[str, str] = {}
    for name in versions:
        version = load_any(name)
        for path, _ in version.pinned if isinstance(version, DatasetVersion) else ():  # files come from elsewhere
            pinned.setdefault(path, name)
    return pinned


def _roles(use_case: str) -> Iterator[tuple[str, str]]:
    """Yield model versions with what they are: by the deployment, by the registry's alias, or as the newest one."""
    state = deployment(use_case)
    roles = (
        {"champion": state.champion, "candidate": state.candidate, "rollback target": state.previous} if state else {}
    )
    serving = champion(use_case)
    yield from ((version, f"{role} {version}") for role, version in roles.items() if version)
    if serving:
        yield serving.version, f"champion {serving.version}"
    for model in list_models(use_case)[-1:]:  # registered, and perhaps not yet in shadow
        yield model.version, f"newest model {model.version}"
