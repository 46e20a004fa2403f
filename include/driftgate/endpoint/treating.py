"""What is done to personal values of a request before anything else: what the contracts do on the way to training.

The model, the router, the online store and the captures then all have the value that a validated partition has, so a
hashed request key meets its outcome, and what a contract hides never reaches the disk.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from driftgate.contracts import load_contract, value_treatments
from driftgate.contracts.evidence import MASKED

if TYPE_CHECKING:
    from driftgate.use_cases import UseCase


@dataclass(frozen=True)
class Treating:
    """How the rows of one use case are treated; ``personal`` are all columns whose values no text may show."""

    columns: dict[str, Callable[[Any], Any]]
    personal: frozenset[str]

    def row(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return a row as it may be kept; a missing value stays missing."""
        treated = {
            name: treat(row[name]) for name, treat in self.columns.items() if name in row and row[name] is not None
        }
        return row | treated

    def text(self, text: str, rows: list[dict[str, Any]]) -> str:
        """Return a text without the personal values of rows, such as an error in which a model quotes its input."""
        values = {str(row[name]) for row in rows for name in self.personal if row.get(name) is not None}
        for value in sorted(values, key=len, reverse=True):
            text = text.replace(value, MASKED) if value else text
        return text


def treating(use_case: "UseCase") -> Treating | None:
    """Return what the contracts of a use case's datasets ask for; None when no column of them is personal or treated.

    :raises ConfigError: a dataset has no contract, or the key of keyed hashes is not set
    """
    contracts = [load_contract(name) for name in use_case.datasets]
    columns = value_treatments(contracts)
    personal = frozenset(columns).union(*(contract.masked for contract in contracts))
    return Treating(columns, personal) if personal else None
