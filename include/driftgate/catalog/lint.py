"""What is wrong with the inventory as a whole: data that is used without a contract, contracts that nobody uses."""

import re
from pathlib import Path

from driftgate.catalog.entries import FeatureEntry
from driftgate.catalog.features import feature_entries, with_duplicates
from driftgate.contracts import contract_names, source_of
from driftgate.errors import DriftgateError, nearest
from driftgate.settings import project_root
from driftgate.use_cases import load_use_case, use_case_names


def lint_catalog() -> list[str]:
    """Return one sentence per dataset that a use case or a DAG uses and no contract describes."""
    known = set(contract_names())
    problems = []
    for name in use_case_names():
        for dataset in load_use_case(name).datasets:
            if dataset not in known:
                problems.append(
                    f"The use case {name} reads {dataset!r}, which has no contract{nearest(dataset, known)}"
                )
    for path in _dag_files():
        for dataset in re.findall(r"""validated\(\s*["'](\w+)["']""", path.read_text()):
            if dataset not in known:
                problems.append(f"{path} waits for {dataset!r}, which has no contract{nearest(dataset, known)}")
    return problems


def remarks() -> list[str]:
    """Return what is worth a look and is no error: orphan contracts, and features that are the same."""
    return [*_orphans(), *_duplicates()]


def _orphans() -> list[str]:
    used = {dataset for name in use_case_names() for dataset in load_use_case(name).datasets}
    written = "\n".join(path.read_text() for path in _dag_files())
    return [
        f"No use case reads {name!r} and no DAG brings its source {source_of(name)!r}; use it, or remove its contract."
        for name in contract_names()
        if name not in used and f'"{source_of(name)}"' not in written and f"'{source_of(name)}'" not in written
    ]


def _duplicates() -> list[str]:
    try:
        entries = [entry for name in use_case_names() for entry in feature_entries(load_use_case(name), {}, ())]
    except DriftgateError:
        return []  # the lint of use cases says it
    found = ((entry.name, _by_another_name(entry)) for entry in with_duplicates(entries))
    return [
        f"{name} is the same as {', '.join(others)}; keep one."
        for name, others in found
        if others and name < min(others)
    ]


def _by_another_name(entry: FeatureEntry) -> list[str]:
    """Return what is the same as a feature; under its own name in another use case it is shared, as it should be."""
    own = entry.name.rsplit("/", 1)[-1]
    return [name for name in entry.same_as if name.rsplit("/", 1)[-1] != own]


def _dag_files() -> list[Path]:
    return sorted((project_root() / "dags").glob("*.py"))
