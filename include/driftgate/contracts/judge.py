"""Great Expectations judges a table by its contract: in memory, one context per process."""

from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any

from driftgate.contracts.contract import Contract
from driftgate.contracts.suite import RULE, expectation_suite

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from great_expectations.core import ExpectationSuiteValidationResult


_ONE_AT_A_TIME = Lock()  # Great Expectations keeps one context for the whole process


@dataclass(frozen=True)
class Judgement:
    """What Great Expectations said about one rule. ``judged`` and ``broken`` count values (or rows, for a key)."""

    passed: bool
    judged: int
    broken: int


def judge(contract: Contract, table: "pa.Table") -> "ExpectationSuiteValidationResult":
    """Return the result of the contract's suite on ``table``, with up to twenty values per broken expectation."""
    with _ONE_AT_A_TIME:
        batch_definition, suite = _compiled(contract)
        batch = batch_definition.get_batch(batch_parameters={"dataframe": to_frame(table)})
        return batch.validate(suite, result_format={"result_format": "BASIC"})


def judgements(result: "ExpectationSuiteValidationResult") -> dict[str, Judgement]:
    """Return the judgement of each rule by its id; a rule that could not be evaluated is not among them."""
    return {
        item.expectation_config.meta[RULE]: Judgement(
            passed=bool(item.success),
            judged=_judged(item.result),
            broken=item.result.get("unexpected_count", 0),
        )
        for item in result.results
        if item.result  # empty when the evaluation itself failed
    }


def _judged(result: dict[str, Any]) -> int:
    """The number of rows that a rule about their number saw, or the number of known values."""
    if "observed_value" in result:
        return int(result["observed_value"])
    return int(result["element_count"] - result.get("missing_count", 0))


def to_frame(table: "pa.Table") -> "pd.DataFrame":
    """Return ``table`` for pandas; its 32-bit integers as 64-bit ones, which Great Expectations compares in bulk."""
    import pyarrow as pa

    wide = [field.with_type(pa.int64()) if field.type == pa.int32() else field for field in table.schema]
    frame: pd.DataFrame = table.cast(pa.schema(wide)).to_pandas()
    return frame


@cache
def _memory() -> Any:
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return context.data_sources.add_pandas("lake")


@cache
def _compiled(contract: Contract) -> tuple[Any, Any]:
    asset = _memory().add_dataframe_asset(f"{contract.label} {contract.hash[:7]}")
    return asset.add_batch_definition_whole_dataframe("partition"), expectation_suite(contract)
