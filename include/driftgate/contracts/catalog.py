"""The contracts of this project: every file in ``data_contracts/``, named after its dataset."""

from functools import cache
from pathlib import Path

from driftgate.contracts.contract import Contract, Rule
from driftgate.errors import ConfigError, DriftgateError, nearest
from driftgate.records import read_yaml
from driftgate.settings import project_root


def contract_names() -> list[str]:
    """Return the names of all datasets that have a contract."""
    return sorted(path.stem for path in _folder().glob("*.yaml"))


def load_contract(name: str) -> Contract:
    """Return the contract of the dataset ``name``.

    :raises ConfigError: it does not exist, or its file is wrong; the sentence names file, key and what is allowed
    """
    if name not in contract_names():
        raise ConfigError(f"There is no contract {name!r} in {_folder()}{nearest(name, contract_names())}")
    contract = _read(_folder() / f"{name}.yaml")
    check_references(contract, _folder())
    return contract


def lint_contract(path: Path) -> list[str]:
    """Return what is wrong with the contract in the file ``path``, in sentences; empty when it is fit to run."""
    from driftgate.contracts.reading import read_contract

    try:
        check_references(read_contract(path), path.parent)
    except DriftgateError as error:
        return [str(error)]
    return []


def source_of(name: str) -> str | None:
    """Return the source that the contract of the dataset ``name`` names; None when it names none.

    Cheap, for it is asked at every parse of a DAG file: it looks at ``servers`` only and judges nothing.
    """
    path = _folder() / f"{name}.yaml"
    return _source(path, path.stat().st_mtime_ns)


def references_of(name: str) -> tuple[str, ...]:
    """Return the datasets that the contract of the dataset ``name`` refers to; as cheap as :func:`source_of`."""
    path = _folder() / f"{name}.yaml"
    return _references(path, path.stat().st_mtime_ns)


def check_references(contract: Contract, folder: Path) -> None:
    """Check that what ``contract`` refers to exists in the contracts of ``folder``, and that nothing goes in a circle.

    :raises ConfigError: it does not, or another contract on the way cannot be read
    """
    for rule in contract.references:
        problem = _reference_problem(contract, rule, folder)
        if problem:
            key = f"schema.properties.{rule.columns[0]}.relationships"
            raise ConfigError(f"{folder / contract.name}.yaml: key '{key}' names {rule.references!r}, {problem}")
    _follow(contract, folder, (contract.name,))


def _reference_problem(contract: Contract, rule: Rule, folder: Path) -> str | None:
    """Return what is wrong with one reference, as the end of a sentence."""
    dataset, name = str(rule.references).split(".")
    if dataset == contract.name:
        return "the dataset itself; a reference goes to another dataset, remove it"
    known = sorted(path.stem for path in folder.glob("*.yaml"))
    if dataset not in known:
        return f"which has no contract{nearest(dataset, known)}"
    columns = {column.name: column for column in _read(folder / f"{dataset}.yaml").columns}
    if name not in columns:
        return f"which is no column of {dataset}{nearest(name, columns)}"
    target, (source,) = columns[name], [column for column in contract.columns if column.name == rule.columns[0]]
    if target.treatment != "keep":
        return f"whose values {dataset} publishes with the treatment {target.treatment!r}; refer to one that it keeps"
    if target.type != source.type:
        return f"which is {target.type}, not {source.type}; a column refers to one of its own type"
    return None


def _follow(contract: Contract, folder: Path, way: tuple[str, ...]) -> None:
    """Go on from the last dataset of ``way``; a dataset met twice is a circle."""
    for dataset in sorted({str(rule.references).split(".")[0] for rule in contract.references}):
        path = folder / f"{dataset}.yaml"
        if dataset in way:
            circle = " → ".join((*way[way.index(dataset) :], dataset))
            raise ConfigError(f"{folder / way[0]}.yaml: its references go in a circle: {circle}; remove one of them")
        if path.exists():  # else the contract that names it says so
            _follow(_read(path), folder, (*way, dataset))


def _folder() -> Path:
    return project_root() / "data_contracts"


def _read(path: Path) -> Contract:
    return _parsed(path, path.stat().st_mtime_ns)


@cache
def _parsed(path: Path, _: int) -> Contract:
    from driftgate.contracts.reading import read_contract

    return read_contract(path)


@cache
def _source(path: Path, _: int) -> str | None:
    try:
        return str(read_yaml(path)["servers"][0]["server"])
    except (KeyError, IndexError, TypeError):
        return None


@cache
def _references(path: Path, _: int) -> tuple[str, ...]:
    try:
        columns = read_yaml(path)["schema"][0]["properties"]
        targets = [str(item["to"]) for column in columns for item in column.get("relationships") or ()]
    except (KeyError, IndexError, TypeError, AttributeError):
        return ()  # the file is wrong, which whoever reads it as a contract says
    return tuple(sorted({target.split(".")[0] for target in targets}))
