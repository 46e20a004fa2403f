"""Great Expectations judges a partition by its contract, from numbers that the scan has counted.

Its expectations decide, and its results are what Data Docs show; the counting is ours. That is what every execution
engine of Great Expectations does for it: it is asked for metrics by name, and answers numbers. No engine, no data
context and no file is needed for that, and no values ever get into a result.
"""

from typing import TYPE_CHECKING, Any

from driftgate.contracts.contract import Contract, Rule
from driftgate.contracts.suite import RULE, expectation_of
from driftgate.contracts.tally import Tally

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult

_BASIC = {"result_format": "BASIC", "exclude_unexpected_values": True}


def judge(contract: Contract, tally: Tally, key: str) -> "ExpectationSuiteValidationResult":
    """Return the result of the suite of ``tally.rules`` on the partition ``key``; it holds numbers only."""
    from great_expectations.core import ExpectationSuiteValidationResult
    from great_expectations.validator.validation_statistics import calc_validation_statistics

    results = [_result(rule, tally, key) for rule in tally.rules]
    statistics = calc_validation_statistics(results)
    return ExpectationSuiteValidationResult(
        success=bool(statistics.success),
        results=results,
        suite_name=contract.label,
        statistics=statistics._asdict(),
        meta={},
    )


def kept_rules(result: "ExpectationSuiteValidationResult") -> dict[str, bool]:
    """Return, for each rule that was judged, whether it is kept."""
    return {item.expectation_config.meta[RULE]: bool(item.success) for item in result.results}


def _result(rule: Rule, tally: Tally, key: str) -> Any:
    expectation = expectation_of(rule, key)
    wanted = expectation.get_validation_dependencies(runtime_configuration={"result_format": _BASIC})
    counted = _counted(rule, tally)
    metrics = {metric.id: _metric(counted, name) for name, metric in wanted.metric_configurations.items()}
    return expectation.metrics_validate(metrics, runtime_configuration={"result_format": _BASIC})


def _counted(rule: Rule, tally: Tally) -> dict[str, Any]:
    """Return what Great Expectations may ask about ``rule``, by the name of the metric or its ending."""
    count = tally.counts[rule.id]
    missing = tally.missing[rule.columns[0]] if rule.columns else 0
    return {
        "table.row_count": tally.rows,
        "column.max": tally.newest,
        "column_values.nonnull.unexpected_count": missing,
        "filtered_row_count": count.judged,
        "unexpected_count": count.broken,
        "unexpected_values": [],
    }


def _metric(counted: dict[str, Any], name: str) -> Any:
    return counted[name] if name in counted else counted[name.rpartition(".")[2]]
