"""The classes of data, from ``include/governance/data_classes.yaml``: who decides, and how long they are kept."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from driftgate.contracts import Contract, contract_names, load_contract
from driftgate.errors import ConfigError, nearest
from driftgate.records import Record, load_yaml
from driftgate.settings import project_root

Days = Annotated[int, Field(gt=0)]
ONE_ZONE = "ONEZONE_IA"  # lost with its data centre: only for what can be made again
MIN_TRANSITION_DAYS = 30  # S3 moves nothing younger


class Transition(Record):
    """A move to a cheaper storage class of S3."""

    after_days: Annotated[int, Field(ge=MIN_TRANSITION_DAYS)]
    storage_class: Literal["STANDARD_IA", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"]


class DataClass(Record):
    """One class of data. ``zones`` shortens ``retention_days`` for a zone; a ``legal_hold`` keeps everything.

    ``personal``: retention wins over reproducibility. The end comes on the day, whatever a model still needs.
    """

    name: str
    owner: str
    description: str
    personal: bool = False
    legal_hold: bool = False
    retention_days: Days | None = None
    zones: dict[Literal["raw", "validated", "quarantine"], Days] = {}
    transitions: tuple[Transition, ...] = ()

    @model_validator(mode="after")
    def _moves_before_it_ends(self) -> "DataClass":
        days = [transition.after_days for transition in self.transitions]
        if days != sorted(set(days)):
            raise ValueError(f"after_days of the transitions of {self.name!r} must rise, got {days}")
        return self


class ZonePolicy(Record):
    """How long objects of a zone without datasets are kept."""

    retention_days: Days | None = None
    legal_hold: bool = False


class DataClasses(Record):
    """The whole file."""

    classes: tuple[DataClass, ...]
    zones: dict[Literal["captures", "profiles", "reports", "prepared", "jobs"], ZonePolicy] = {}

    def of(self, contract: Contract) -> DataClass:
        """Return the class of a dataset.

        :raises ConfigError: the contract names one that is not in the file
        """
        known = {item.name: item for item in self.classes}
        if contract.data_class not in known:
            raise ConfigError(
                f"data_contracts/{contract.name}.yaml: key 'customProperties.dataClass' is {contract.data_class!r}, "
                f"which include/governance/data_classes.yaml does not have{nearest(contract.data_class, known)}"
            )
        return known[contract.data_class]


def data_classes() -> DataClasses:
    """Return the classes of this project.

    :raises ConfigError: the file is missing or wrong
    """
    return load_yaml(project_root() / "include" / "governance" / "data_classes.yaml", DataClasses)


def lint_classes() -> list[str]:
    """Return one sentence per contract that does not go together with its class."""
    classes = data_classes()
    return [problem for name in contract_names() for problem in _problems(load_contract(name), classes)]


def _problems(contract: Contract, classes: DataClasses) -> list[str]:
    try:
        own = classes.of(contract)
    except ConfigError as error:
        return [str(error)]
    where, problems = f"data_contracts/{contract.name}.yaml", []
    if own.retention_days and contract.retention_days > own.retention_days:
        problems.append(
            f"{where}: retention is {contract.retention_days} days, and the class {own.name!r} allows "
            f"{own.retention_days}; shorten it, or have {own.owner} change the class."
        )
    if contract.masked and not own.personal:
        problems.append(
            f"{where}: {', '.join(sorted(contract.masked))} is personal data, and the class {own.name!r} is not for "
            "that; choose a class with 'personal: true'."
        )
    if not contract.recreatable and any(item.storage_class == ONE_ZONE for item in own.transitions):
        problems.append(
            f"{where}: the class {own.name!r} moves data to {ONE_ZONE}, where it may be lost; say "
            "'recreatable: true' if it can be made again, or choose another class."
        )
    return problems
