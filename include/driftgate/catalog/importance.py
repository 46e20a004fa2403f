"""How much of a model's gain each feature brings, read from LightGBM's own text format."""

from collections import defaultdict


def gain_percent(model_text: str) -> dict[str, float]:
    """Return the share of the total gain of all splits, in percent, of every feature of a LightGBM model."""
    names: list[str] = []
    gains: dict[int, float] = defaultdict(float)
    splits: list[int] = []
    for line in model_text.splitlines():
        key, _, values = line.partition("=")
        if key == "feature_names":
            names = values.split()
        elif key == "split_feature":
            splits = [int(value) for value in values.split()]
        elif key == "split_gain":
            for feature, gain in zip(splits, values.split(), strict=True):
                gains[feature] += float(gain)
    total = sum(gains.values())
    return {name: 100 * gains[place] / total if total else 0.0 for place, name in enumerate(names)}
