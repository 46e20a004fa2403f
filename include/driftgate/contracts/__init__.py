"""What was promised about each dataset, and whether a partition keeps it."""

from driftgate.contracts.catalog import contract_names, lint_contract, load_contract, source_of
from driftgate.contracts.contract import Column, Contract, Rule
from driftgate.contracts.schema import arrow_schema

__all__ = [
    "Column",
    "Contract",
    "Rule",
    "arrow_schema",
    "contract_names",
    "lint_contract",
    "load_contract",
    "source_of",
]
