"""What was promised about each dataset, whether a partition keeps it, and the split between rows that do and do not."""

from driftgate.contracts.catalog import contract_names, lint_contract, load_contract, references_of, source_of
from driftgate.contracts.contract import Column, Contract, Files, Permissions, Rule, Server, Sql
from driftgate.contracts.decisions import decisions_on
from driftgate.contracts.issues import read_report, record_issues
from driftgate.contracts.made_up import require_real
from driftgate.contracts.publish import Published, publish_partition
from driftgate.contracts.quarantine import decide, list_quarantine, show_quarantine
from driftgate.contracts.schema import arrow_schema, published_schema
from driftgate.contracts.treat import value_treatments
from driftgate.contracts.validate import judge_again, validate_partition
from driftgate.validation_report import ValidationReport

__all__ = [
    "Column",
    "Contract",
    "Files",
    "Permissions",
    "Published",
    "Rule",
    "Server",
    "Sql",
    "ValidationReport",
    "arrow_schema",
    "contract_names",
    "decide",
    "decisions_on",
    "judge_again",
    "lint_contract",
    "list_quarantine",
    "load_contract",
    "publish_partition",
    "published_schema",
    "read_report",
    "record_issues",
    "references_of",
    "require_real",
    "show_quarantine",
    "source_of",
    "validate_partition",
    "value_treatments",
]
