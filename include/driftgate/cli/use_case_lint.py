"""Checking a use case before it runs: does its file parse, and do the names in it exist?"""

from collections.abc import Iterator
from pathlib import Path

from driftgate.catalog.monitors import register_problems
from driftgate.errors import DriftgateError, nearest
from driftgate.records import load_yaml
from driftgate.use_cases import UseCase


def lint_use_case(path: Path) -> list[str]:
    """Return one sentence per problem of the use case in the file ``path``; empty when it is fit to run."""
    try:
        use_case = load_yaml(path, UseCase)
        problems = list(_problems(use_case, path))
        if not problems:  # SQL that reads what is not there would only repeat them
            _run_sql_on_empty_tables(use_case, path)
            problems += _online_problems(use_case, path)
    except DriftgateError as error:
        return [str(error)]
    return problems


def _problems(use_case: UseCase, where: Path) -> Iterator[str]:
    folder = where.resolve().parent.name
    if use_case.name != folder:
        yield f"{where}: key 'name' is {use_case.name!r} but the folder is {folder!r}; make them equal."
    if where.with_name("edge_cases.yaml").exists() and use_case.validation.edge_cases is None:
        yield f"{where.with_name('edge_cases.yaml')} is asked by nobody; name it in 'validation.edge_cases' of {where}."
    if not where.with_name("features.sql").exists():
        yield f"{where.with_name('features.sql')} does not exist; write the SELECT that computes the features."
    if use_case.explain is None:
        yield (
            f"{where}: key 'explain' is missing; agree with those who act on the answers how far a model must be "
            "explained, and say so: {level: none}, global or local."
        )
    yield from _dataset_problems(use_case, where)
    yield from _target_problems(use_case, where)
    yield from _tune_problems(use_case, where)
    yield from _accountability_problems(use_case, where)
    yield from register_problems(use_case, where.parent)


def _dataset_problems(use_case: UseCase, where: Path) -> Iterator[str]:
    from driftgate.contracts import contract_names, load_contract, published_schema, require_real

    known = contract_names()
    for dataset in use_case.datasets:
        if dataset not in known:
            yield f"{where}: key 'datasets' names {dataset!r}, which has no contract{nearest(dataset, known)}"
    if use_case.datasets and use_case.datasets[0] in known:
        try:
            require_real(use_case)
        except DriftgateError as refusal:
            yield f"{where}: {refusal}"
        columns = published_schema(load_contract(use_case.datasets[0])).names
        named = [("request_key", name) for name in use_case.request_key] + [("event_time", use_case.event_time)]
        for key, value in named:
            if value not in columns:
                dataset = use_case.datasets[0]
                yield f"{where}: key '{key}' names {value!r}, no column of {dataset}{nearest(value, columns)}"


def _target_problems(use_case: UseCase, where: Path) -> Iterator[str]:
    from driftgate.compute import target_names
    from driftgate.compute.targets import AUTO, find_auto, find_target

    targets = target_names()
    if use_case.train.target == AUTO:
        find_auto()
    elif use_case.train.target not in targets:
        yield f"{where}: key 'train.target' names {use_case.train.target!r}{nearest(use_case.train.target, targets)}"
    elif use_case.train.needs_gpu and not find_target(use_case.train.target).gpu:
        yield f"{where}: key 'train.target' names {use_case.train.target!r}, which has no GPU, and needs_gpu is true."


def _tune_problems(use_case: UseCase, where: Path) -> Iterator[str]:
    from driftgate.tuning import space_problems

    if use_case.tune:
        yield from (f"{where}: {problem}." for problem in space_problems(use_case, use_case.tune))


def _accountability_problems(use_case: UseCase, where: Path) -> Iterator[str]:
    """Say before a training what would refuse its registration."""
    from driftgate.registry.card_text import card_text
    from driftgate.registry.ethics import require_accountable

    for required in (require_accountable, card_text):
        try:
            required(use_case, where.parent)
        except DriftgateError as refusal:
            yield str(refusal)


def _online_problems(use_case: UseCase, where: Path) -> list[str]:
    from driftgate.datasets.online_lint import online_problems

    path = where.with_name("features.sql")
    return list(online_problems(use_case, path.read_text(), where=str(path)))


def _run_sql_on_empty_tables(use_case: UseCase, where: Path) -> None:
    """Run ``label.expression`` and ``features.sql`` on the contracts' columns; features see no outcome, as in serving.

    :raises ConfigError: one of them does not run, or ``monitor.tiers``, ``validation``, ``fairness`` or an edge case
        names what it does not give
    """
    from driftgate.contracts import load_contract, published_schema
    from driftgate.datasets.features import run_features
    from driftgate.datasets.history import tables_without_rows
    from driftgate.datasets.labels import LABEL, require_labels_of, run_labels
    from driftgate.datasets.locked_sql import locked_duckdb
    from driftgate.evaluation.facets import require_facets
    from driftgate.evaluation.tiers import require_features
    from driftgate.evaluation.validation import require_columns

    schemas = {name: published_schema(load_contract(name)) for name in use_case.datasets}
    requests = use_case.datasets[0]
    key, path = use_case.request_key, where.with_name("features.sql")
    tables = tables_without_rows(use_case, schemas, load_contract(requests).outcomes)
    truth, said = schemas[requests].empty_table(), f"{where}: key 'label.expression'"
    with locked_duckdb() as connection:
        labels = run_labels(connection, use_case.label.expression, truth, key, where=said)
        require_labels_of(use_case.problem, labels.schema.field(LABEL).type, where=said)
        rows = run_features(connection, path.read_text(), tables, key, use_case.event_time, where=str(path))
    require_features(use_case, [name for name in rows.column_names if name not in use_case.not_features], str(where))
    require_columns(use_case, rows, where.parent)
    require_facets(use_case, rows, str(where))
