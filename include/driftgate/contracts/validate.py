"""Judging one raw partition by its contract."""

from typing import TYPE_CHECKING

from driftgate import uris
from driftgate.contracts.catalog import load_contract
from driftgate.contracts.contract import Contract
from driftgate.contracts.judge import judge, judgements
from driftgate.contracts.page import render_page
from driftgate.contracts.report import ValidationReport, make_report
from driftgate.contracts.schema import arrow_schema
from driftgate.contracts.split import split_rows
from driftgate.errors import ContractBroken
from driftgate.lake import Manifest, Store, lake, read_manifest, read_table
from driftgate.partition_keys import parse_key

if TYPE_CHECKING:
    import pyarrow as pa


def validate_partition(dataset: str, key: str) -> ValidationReport:
    """Have Great Expectations judge the raw partition; write its Data Docs page, then its report, to the lake.

    :raises SourceMissing: nothing was ingested for this partition
    :raises ContractBroken: a critical rule is broken (the report is written), or the rows were ingested under another
        contract
    """
    parse_key(key)
    contract, store = load_contract(dataset), lake()
    raw, table = read_raw(store, contract, key)
    result = judge(contract, table)
    report = make_report(contract, key, raw, table, judgements(result), split_rows(contract, table).validated.num_rows)
    store.write(uris.validation_report(dataset, key, "html"), render_page(contract, report, result))
    store.write(uris.validation_report(dataset, key), report.canonical())
    if report.critical:
        raise ContractBroken(_sentence(report, store))
    return report


def read_raw(store: Store, contract: Contract, key: str) -> tuple[Manifest, "pa.Table"]:
    """Return the manifest and the rows of a raw partition, which have the columns of ``contract``.

    :raises ContractBroken: they have other columns: the contract has changed since they were ingested
    """
    raw = read_manifest(store, uris.partition("raw", contract.name, key))
    table = read_table(store, raw)
    if table.schema != arrow_schema(contract):
        raise ContractBroken(
            f"{store.uri(raw.path)} was ingested under {raw.contract} and has not the columns of {contract.label}; "
            "run the partition's ingest task again."
        )
    return raw, table


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
