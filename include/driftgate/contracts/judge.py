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


class Counted(dict[tuple[str, str, str], Any]):
    """The metrics that an expectation about ``rule`` may ask for: one rule has only one metric of a name.

    Great Expectations looks metrics up by an id whose first part is the name. They are answered as they are asked for:
    to list what an expectation will ask for takes it as long as to judge.
    """

    def __init__(self, rule: Rule, tally: Tally) -> None:
        count = tally.counts[rule.id]
        self._named = {
            "table.row_count": tally.rows,
            "column.max": tally.newest,
            "column_values.nonnull.unexpected_count": tally.missing[rule.columns[0]] if rule.columns else 0,
        }
        self._ending = {"filtered_row_count": count.judged, "unexpected_count": count.broken, "unexpected_values": []}

    def __contains__(self, metric: object) -> bool:
        name = metric[0] if isinstance(metric, tuple) else ""
        return name in self._named or name.rpartition(".")[2] in self._ending

    def __missing__(self, metric: tuple[str, str, str]) -> Any:
        name = metric[0]
        return self._named[name] if name in self._named else self._ending[name.rpartition(".")[2]]


def _result(rule: Rule, tally: Tally, key: str) -> Any:
    runtime = {"result_format": {"result_format": "BASIC", "exclude_unexpected_values": True}}
    return expectation_of(rule, key).metrics_validate(Counted(rule, tally), runtime_configuration=runtime)
