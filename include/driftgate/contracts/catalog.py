"""The contracts of this project: every file in ``data_contracts/``, named after its dataset."""

from functools import cache
from pathlib import Path

from driftgate.contracts.contract import Contract
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
    return _read(_folder() / f"{name}.yaml")


def lint_contract(path: Path) -> list[str]:
    """Return what is wrong with the contract in the file ``path``, in sentences; empty when it is fit to run."""
    from driftgate.contracts.reading import read_contract

    try:
        read_contract(path)
    except DriftgateError as error:
        return [str(error)]
    return []


def source_of(name: str) -> str | None:
    """Return the source that the contract of the dataset ``name`` names; None when it names none.

    Cheap, for it is asked at every parse of a DAG file: it looks at ``servers`` only and judges nothing.
    """
    path = _folder() / f"{name}.yaml"
    return _source(path, path.stat().st_mtime_ns)


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
