"""What each feature is worth to the champion, beside what it was worth to those that served before."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from driftgate.errors import CannotJudge, ConfigError
from driftgate.evaluation.feature_baseline import FeatureBaseline, read_feature_baseline
from driftgate.monitoring_policy import Tier
from driftgate.records import Record
from driftgate.registry import ModelVersion, find_model, verified_files
from driftgate.registry.aliases import former_champions
from driftgate.registry.feature_worth import NEAR_ZERO_SHARE
from driftgate.registry.package import FEATURE_BASELINE

FORMER = 4  # champions that are looked back at
DECAY = 0.5  # of the weight, from each champion to the one before it


class FeatureWorth(Record):
    """One feature of the champion; shares are of a model's whole importance.

    ``decayed`` is the mean over former champions, each weighing half of the one after it; None where none had it.
    ``unused`` says that it brings nothing to the champion, nor to any of those that had it.
    """

    feature: str
    share: float
    tier: Tier
    sensitivity: float
    former: dict[str, float]
    decayed: float | None
    change: float | None
    unused: bool


def feature_baselines(champion: ModelVersion) -> dict[str, FeatureBaseline]:
    """Return the baseline of the champion and those of the versions that served before, by version, the newest first.

    A former version whose package is gone is left out.

    :raises CannotJudge: the champion has none
    """
    found = {champion.version: _baseline(champion)}
    for version in former_champions(champion.use_case)[:FORMER]:
        with suppress(ConfigError, CannotJudge):
            found[version] = _baseline(find_model(champion.use_case, version))
    return found


def feature_worths(baselines: Mapping[str, FeatureBaseline]) -> tuple[FeatureWorth, ...]:
    """Return what each feature of the first one is worth, the most important first."""
    champion, *former = baselines.items()
    return tuple(
        _worth(name, champion[1], {version: one for version, one in former if name in one.features})
        for name, _ in champion[1].ranked
    )


def decayed_mean(shares: Sequence[float]) -> float | None:
    """Return the mean of shares, the newest first, each weighing half of the one before it in the list."""
    weights = [DECAY**place for place in range(len(shares))]
    return sum(map(float.__mul__, weights, shares)) / sum(weights) if shares else None


def _worth(name: str, champion: FeatureBaseline, former: Mapping[str, FeatureBaseline]) -> FeatureWorth:
    mine = champion.features[name]
    shares = {version: one.features[name].importance.share for version, one in former.items()}
    before = decayed_mean(list(shares.values()))
    return FeatureWorth(
        feature=name,
        share=mine.importance.share,
        tier=mine.tier,
        sensitivity=mine.sensitivity,
        former=shares,
        decayed=None if before is None else round(before, 6),
        change=None if before is None else round(mine.importance.share - before, 6),
        unused=all(share < NEAR_ZERO_SHARE for share in (mine.importance.share, *shares.values())),
    )


def _baseline(model: ModelVersion) -> FeatureBaseline:
    data = verified_files(model).get(FEATURE_BASELINE)
    if data is None:
        raise CannotJudge(f"Version {model.version} of {model.use_case} has no {FEATURE_BASELINE}; train a newer one.")
    return read_feature_baseline(data, f"{model.folder}/{FEATURE_BASELINE}")
