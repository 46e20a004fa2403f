"""The contract as an expectation suite of Great Expectations; its counterpart over Arrow is ``mask.py``."""

from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from driftgate.contracts.contract import Contract, Rule
from driftgate.contracts.history import HISTORICAL, day_start
from driftgate.contracts.mask import whole_value

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite

SEVERITIES = {"critical": "critical", "row": "warning", "warn": "info"}
RULE = "rule"  # the key in an expectation's meta under which it carries the id of its rule


def expectation_suite(contract: Contract) -> "ExpectationSuite":
    """Return one expectation per rule that one table can be judged by; ``meta["rule"]`` of each is the rule's id."""
    import great_expectations as gx

    rules = [rule for rule in contract.rules if rule.kind not in HISTORICAL]
    return gx.ExpectationSuite(name=contract.label, expectations=[expectation_of(rule) for rule in rules])


def expectation_of(rule: Rule, key: str | None = None) -> Any:
    """Return ``rule`` as an expectation; one about history must have its bounds, and needs the partition's ``key``."""
    notes = f"{rule.id} ({rule.severity})" + (f": {rule.description}" if rule.description else "")
    common = {"severity": SEVERITIES[rule.severity], "meta": {RULE: rule.id}, "notes": notes}
    if rule.kind == "freshness":
        return _freshness(rule, common, str(key))
    return _EXPECTATIONS[rule.kind](rule, common)


def _freshness(rule: Rule, common: dict[str, Any], key: str) -> Any:
    from great_expectations.expectations import ExpectColumnMaxToBeBetween

    earliest = day_start(key) + timedelta(minutes=float(rule.minimum or 0))
    return ExpectColumnMaxToBeBetween(column=rule.columns[0], min_value=earliest, **common)


def _row_count(rule: Rule, common: dict[str, Any]) -> Any:
    from great_expectations.expectations import ExpectTableRowCountToBeBetween

    return ExpectTableRowCountToBeBetween(min_value=rule.minimum, max_value=rule.maximum, **common)


def _unique(rule: Rule, common: dict[str, Any]) -> Any:
    from great_expectations.expectations import ExpectColumnValuesToBeUnique, ExpectCompoundColumnsToBeUnique

    if len(rule.columns) == 1:
        return ExpectColumnValuesToBeUnique(column=rule.columns[0], **common)
    return ExpectCompoundColumnsToBeUnique(
        column_list=list(rule.columns), ignore_row_if="any_value_is_missing", **common
    )


def _nulls(rule: Rule, common: dict[str, Any]) -> Any:
    from great_expectations.expectations import ExpectColumnValuesToNotBeNull

    return ExpectColumnValuesToNotBeNull(column=rule.columns[0], mostly=_mostly(rule), **common)


def _values(rule: Rule, common: dict[str, Any]) -> Any:
    from great_expectations.expectations import ExpectColumnValuesToBeInSet

    return ExpectColumnValuesToBeInSet(
        column=rule.columns[0], value_set=list(rule.values), mostly=_mostly(rule), **common
    )


def _pattern(rule: Rule, common: dict[str, Any]) -> Any:
    from great_expectations.expectations import ExpectColumnValuesToMatchRegex

    pattern = whole_value(str(rule.pattern))
    return ExpectColumnValuesToMatchRegex(column=rule.columns[0], regex=pattern, mostly=_mostly(rule), **common)


def _range(rule: Rule, common: dict[str, Any]) -> Any:
    from great_expectations.expectations import ExpectColumnValuesToBeBetween

    return ExpectColumnValuesToBeBetween(
        column=rule.columns[0], min_value=rule.minimum, max_value=rule.maximum, mostly=_mostly(rule), **common
    )


def _reference(rule: Rule, common: dict[str, Any]) -> Any:
    return _occurs_elsewhere()(
        column=rule.columns[0], references=rule.references, value_set=[], mostly=_mostly(rule), **common
    )


@cache
def _occurs_elsewhere() -> Any:
    """Return the expectation about values of another dataset; Great Expectations has only the one about a given set."""
    from great_expectations.expectations import ExpectColumnValuesToBeInSet
    from great_expectations.render import LegacyRendererType, RenderedStringTemplateContent
    from great_expectations.render.renderer.renderer import renderer

    class ExpectColumnValuesToOccurElsewhere(ExpectColumnValuesToBeInSet):  # type: ignore[misc]  # has no types
        """Expect each value to occur in ``references``, a column of another dataset; ``value_set`` stays empty."""

        references: str

        @classmethod
        @renderer(renderer_type=LegacyRendererType.PRESCRIPTIVE)  # type: ignore[untyped-decorator]
        def _prescriptive_renderer(cls, configuration: Any = None, **_: Any) -> list[Any]:
            text = {"template": "values must occur in $references.", "params": {**configuration.kwargs}}
            return [RenderedStringTemplateContent(content_block_type="string_template", string_template=text)]

    return ExpectColumnValuesToOccurElsewhere


def _mostly(rule: Rule) -> float:
    return (100 - rule.max_percent) / 100


_EXPECTATIONS: dict[str, Callable[[Rule, dict[str, Any]], Any]] = {
    "row_count": _row_count,
    "unique": _unique,
    "nulls": _nulls,
    "values": _values,
    "pattern": _pattern,
    "range": _range,
    "reference": _reference,
    "volume": _row_count,
}
