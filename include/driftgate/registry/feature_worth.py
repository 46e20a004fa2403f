"""What each feature was worth to the newest versions, and which ones are worth nothing to any of them."""

from collections.abc import Iterable, Sequence

from driftgate.evaluation.feature_baseline import FeatureBaseline, read_feature_baseline
from driftgate.registry.package import FEATURE_BASELINE, verified_files
from driftgate.registry.versions import list_models

VERSIONS = 3  # that must agree that a feature is worth nothing
NEAR_ZERO_SHARE = 0.001  # of a model's importance


def newest_baselines(use_case_name: str) -> dict[str, FeatureBaseline]:
    """Return the feature baselines of the newest versions by version, the newest first; older packages have none.

    :raises Tampered: a file of a package was changed
    """
    found: dict[str, FeatureBaseline] = {}
    for model in reversed(list_models(use_case_name)[-VERSIONS:]):
        data = verified_files(model).get(FEATURE_BASELINE)
        if data is not None:
            found[model.version] = read_feature_baseline(data, f"{model.folder}/{FEATURE_BASELINE}")
    return found


def worthless(baselines: Iterable[FeatureBaseline]) -> list[str]:
    """Return the features of all ``baselines`` that bring nothing to any; none while there are fewer than it takes."""
    shares = [{name: item.importance.share for name, item in baseline.features.items()} for baseline in baselines]
    names = [name for name in shares[0] if all(name in others for others in shares)] if shares else []
    return [name for name in names if brings_nothing([others[name] for others in shares])]


def brings_nothing(shares: Sequence[float]) -> bool:
    """Return whether enough versions agree that a feature with these shares of their importance is worth nothing."""
    return len(shares) >= VERSIONS and all(share < NEAR_ZERO_SHARE for share in shares)
