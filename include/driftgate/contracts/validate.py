"""Judging one raw partition by its contract."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from driftgate import uris
from driftgate.contracts.catalog import load_contract
from driftgate.contracts.contract import Contract
from driftgate.contracts.decisions import Decided, decided, decisions_on
from driftgate.contracts.judge import judge, kept_rules
from driftgate.contracts.page import render_page
from driftgate.contracts.reporting import Circumstances, make_report
from driftgate.contracts.resolve import Resolved, resolve
from driftgate.contracts.rows import read_raw
from driftgate.contracts.scan import Scan
from driftgate.contracts.tally import Tally
from driftgate.errors import ContractBroken
from driftgate.lake import Manifest, Store, lake
from driftgate.partition_keys import parse_key
from driftgate.validation_report import ValidationReport

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult


@dataclass(frozen=True)
class Partition:
    """One raw partition about to be judged or published; ``scan`` parts its rows as persons decided."""

    contract: Contract
    store: Store
    key: str
    raw: Manifest
    resolved: Resolved
    decided: Decided
    scan: Scan


@contextmanager
def open_partition(dataset: str, key: str, *, row_rules_only: bool = False) -> Iterator[Partition]:
    """Give the raw partition with everything that its rules need; those that quarantine rows are enough to part them.

    :raises SourceMissing: nothing was ingested for it, or a partition that a rule refers to is not published
    :raises ContractBroken: its rows were ingested under another contract
    """
    parse_key(key)
    contract, store = load_contract(dataset), lake()
    raw, rows = read_raw(store, contract, key)
    resolved = resolve(contract, contract.row_rules if row_rules_only else contract.rules, key, store)
    with store.scratch() as folder:
        scan = Scan(resolved.rules, rows, folder, known=resolved.known)
        so_far = decided(decisions_on(dataset, key), raw.hash, lambda: scan)
        yield Partition(contract, store, key, raw, resolved, so_far, scan.deciding(so_far.released, so_far.discarded))


def validate_partition(dataset: str, key: str) -> ValidationReport:
    """Have Great Expectations judge the raw partition; write its Data Docs page, then its report, to the lake.

    :raises SourceMissing: nothing was ingested for this partition, or one that a rule refers to is not published
    :raises ContractBroken: a critical rule is broken (the report is written), or the rows were ingested under another
        contract
    """
    report, result = _judged(dataset, key)
    contract, store = load_contract(dataset), lake()
    store.write(uris.validation_report(dataset, key, "html"), render_page(contract, report, result))
    store.write(uris.validation_report(dataset, key), report.canonical())
    if report.critical:
        raise ContractBroken(_sentence(report, store))
    return report


def judge_again(dataset: str, key: str) -> ValidationReport:
    """Return what :func:`validate_partition` would find by the contract of today; nothing is written or refused.

    :raises SourceMissing: the raw rows are gone, or a partition that a rule refers to is not published
    :raises ContractBroken: its rows were ingested under another contract
    """
    return _judged(dataset, key)[0]


def _judged(dataset: str, key: str) -> "tuple[ValidationReport, ExpectationSuiteValidationResult]":
    with open_partition(dataset, key) as partition:
        tally = Tally(partition.contract, partition.resolved.rules)
        for scanned in partition.scan:
            tally.add(scanned)
    result = judge(partition.contract, tally, key)
    about = Circumstances(key, partition.raw, partition.resolved.notes, partition.decided)
    return make_report(partition.contract, tally, kept_rules(result), about), result


def _sentence(report: ValidationReport, store: Store) -> str:
    critical = [failure for failure in report.failures if failure.severity == "critical"]
    broken = ", ".join(
        f"{failure.rule} ({f'{failure.broken} of ' if failure.broken else ''}{report.rows_in} rows"
        + (f", for example {failure.examples[0]})" if failure.examples else ")")
        for failure in critical
    )
    page = store.uri(uris.validation_report(report.dataset, report.partition, "html"))
    return (
        f"{report.dataset} {report.partition} breaks critical rules of {report.contract}: {broken}; nothing is "
        f"published. Look at {page}, correct the source or the contract, then run the partition again."
    )
