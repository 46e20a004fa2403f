"""Which dataset versions must stay reproducible: those of models that serve, may serve again, or are held."""

from collections.abc import Iterable

from driftgate.datasets import load_version
from driftgate.metadata import metadata
from driftgate.promotion import deployment
from driftgate.registry import find_model
from driftgate.use_cases import use_case_names

HOLD = "dataset_hold"  # one record per dataset version; ``held`` says whether it still is


def protected_versions() -> dict[str, str]:
    """Return the dataset versions that are needed, each with the reason."""
    needed = {entry.subject: "held" for entry in metadata().all_latest(HOLD) if entry.body.get("held")}
    for name in use_case_names():
        state = deployment(name)
        if state is None:
            continue
        roles = {"champion": state.champion, "candidate": state.candidate, "previous champion": state.previous}
        for role, version in roles.items():
            if version is not None:
                needed.setdefault(find_model(name, version).dataset_version, f"{role} of {name}")
    return needed


def protected_partitions(versions: Iterable[str]) -> dict[str, str]:
    """Return the partitions of the lake that ``versions`` were made from, each with one of them.

    :raises ConfigError: a version cannot be read: then nothing may be swept
    """
    pinned: dict[str, str] = {}
    for name in versions:
        for path, _ in load_version(name).pinned:
            pinned.setdefault(path, name)
    return pinned
