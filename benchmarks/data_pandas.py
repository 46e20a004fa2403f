"""The peer of ``data.py``: what a careful engineer writes with pandas and Great Expectations alone."""

from pathlib import Path
from typing import Any

import pandas as pd
from data_events import DATASET

from driftgate.contracts import load_contract
from driftgate.contracts.suite import RULE, expectation_suite


def ingest(delivered: Path, folder: Path) -> dict[str, Any]:
    """Read the file, check its columns, write the copy that the other steps read."""
    frame = pd.read_parquet(delivered)
    expected = [column.name for column in load_contract(DATASET).columns]
    if list(frame.columns) != expected:
        raise ValueError(f"{delivered} has other columns than {expected}")
    frame.to_parquet(folder / "raw.parquet", compression="zstd", index=False)
    return {"rows": len(frame)}


def validate(folder: Path) -> dict[str, Any]:
    """Judge by the same suite with complete results, and part the rows that they name with their reasons."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    contract = load_contract(DATASET)
    frame = pd.read_parquet(folder / "raw.parquet")
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("lake").add_dataframe_asset(DATASET)
    batch = asset.add_batch_definition_whole_dataframe("partition").get_batch(batch_parameters={"dataframe": frame})
    result = batch.validate(expectation_suite(contract), result_format={"result_format": "COMPLETE"})
    row_rules = {rule.id for rule in contract.row_rules}
    reasons: dict[int, list[str]] = {}
    for item in result.results:
        rule = item.expectation_config.meta[RULE]
        if rule in row_rules and item.result.get("unexpected_count"):
            for row in item.result["unexpected_index_list"]:
                reasons.setdefault(row, []).append(rule)
    rows = sorted(reasons)
    quarantined = frame.loc[rows].assign(reason=["; ".join(reasons[row]) for row in rows])
    validated = frame.drop(index=rows)
    validated.to_parquet(folder / "validated.parquet", compression="zstd", index=False)
    quarantined.to_parquet(folder / "quarantined.parquet", compression="zstd", index=False)
    return {"validated": len(validated), "quarantined": len(quarantined)}


def profile(folder: Path) -> dict[str, Any]:
    """Count, quantiles, moments and a histogram of numbers; counts of categories; nulls and distinct values of all."""
    import numpy as np

    frame = pd.read_parquet(folder / "validated.parquet")
    numbers = frame.select_dtypes("number")
    summary = {
        "numbers": numbers.describe(percentiles=[share / 20 for share in range(1, 20)]).to_dict(),
        "histograms": {name: np.histogram(numbers[name].dropna(), bins=50)[0].tolist() for name in numbers.columns},
        "categories": {
            name: frame[name].value_counts().head(256).to_dict() for name in frame.columns.difference(numbers.columns)
        },
        "nulls": frame.isna().sum().to_dict(),
        "distinct": frame.nunique().to_dict(),
    }
    (folder / "profile.json").write_text(str(summary))
    return {}


def prepare(before: Path, folder: Path) -> dict[str, Any]:
    """Features of every event with its country's past returns joined, and the label, as one training file."""
    history, today = pd.read_parquet(before), pd.read_parquet(folder / "validated.parquet")
    recent = history.groupby("country").agg(
        country_returned_share=("returned", "mean"), country_amount_eur=("amount_eur", "mean")
    )
    rows = pd.concat([_features(history, recent.iloc[:0]), _features(today, recent)])
    rows = rows.sort_values("event")
    rows.to_parquet(folder / "rows.parquet", compression="zstd", index=False)
    return {"rows": len(rows)}


def _features(events: pd.DataFrame, recent: pd.DataFrame) -> pd.DataFrame:
    frame = events[
        ["event", "occurred_at", "country", "channel", "amount_eur", "quantity", "discount_percent", "session_seconds"]
    ].assign(
        basket_eur=events["amount_eur"] * events["quantity"],
        hour=events["occurred_at"].dt.hour,
        label=events["returned"],
    )
    return frame.merge(recent, left_on="country", right_index=True, how="left").dropna(subset=["label"])
