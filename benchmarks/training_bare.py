"""LightGBM as one would call it: ``training_bare.py ROWS MODEL ANSWER`` with parameters as JSON on standard input."""

import json
import sys
import time
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score


def main() -> None:
    rows, model, answer = (Path(argument) for argument in sys.argv[1:])
    asked = json.load(sys.stdin)
    frame = pd.read_parquet(rows)
    split, label = frame.pop("split"), frame.pop("label").astype(bool)
    frame = frame.drop(columns=asked["not_features"])
    train, validation = frame[split == "train"], frame[split == "validation"]
    text = [name for name in frame if pd.api.types.is_string_dtype(frame[name])]
    for name in text:
        categories = pd.Index(sorted(train[name].dropna().unique()))
        train, validation = (part.assign(**{name: categories.get_indexer(part[name])}) for part in (train, validation))
    unseen = {name: {-1: np.nan} for name in text}
    fitted, asked_for = (part.replace(unseen).astype(float) for part in (train, validation))
    parameters = {**asked["parameters"], "objective": "binary", "metric": "auc", "seed": asked["seed"]}
    parameters |= {"deterministic": True, "force_row_wise": True, "verbosity": -1}
    for ours in ("early_stopping_round", "monotone_constraints"):  # as a use case writes them; flight_delays has none
        parameters.pop(ours)
    data = lgb.Dataset(fitted, label=label[split == "train"], categorical_feature=text)
    started = time.perf_counter()
    booster = lgb.train(parameters, data, valid_sets=[data.create_valid(asked_for, label=label[split == "validation"])])
    seconds = time.perf_counter() - started
    booster.save_model(model)
    scores = booster.predict(asked_for)
    found = {
        "boosting_seconds": seconds,
        "validation_auc": float(roc_auc_score(label[split == "validation"], scores)),
        "peak_mib": _peak_mib(),
    }
    answer.write_text(json.dumps(found))


def _peak_mib() -> float:
    """Return the most memory that this process had; ``ru_maxrss`` would count that of its parent before it began."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
