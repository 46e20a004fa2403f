"""What is wrong with the inventory as a whole: data that is used without a contract, contracts that nobody uses."""

import re
from pathlib import Path

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
    return [
        f"{entry.name} is the same as {', '.join(entry.duplicates)}; keep one."
        for entry in with_duplicates(entries)
        if entry.duplicates and entry.name < min(entry.duplicates)
    ]


def _dag_files() -> list[Path]:
    return sorted((project_root() / "dags").glob("*.py"))
