"""Which features are worth waking somebody for.

- **critical**: brings a tenth of the importance or more, or turns a fifth of the close decisions when it moves a little
- **important**: among the most important ones that bring 90 % of the importance together
- **informational**: the rest

``monitor.tiers`` of a use case overrules this for single features.
"""

from collections.abc import Mapping

from driftgate.errors import ConfigError, nearest
from driftgate.monitoring_policy import Tier
from driftgate.use_cases import UseCase

CRITICAL_SHARE = 0.1
CRITICAL_SENSITIVITY = 0.2
IMPORTANT_TOGETHER = 0.9


def tiers(use_case: UseCase, shares: Mapping[str, float], sensitivities: Mapping[str, float]) -> dict[str, Tier]:
    """Return the tier of every feature.

    :param shares: the share of the importance that each feature brings
    :raises ConfigError: ``monitor.tiers`` names something that is no feature, or makes all features equal
    """
    require_features(use_case, list(shares), str(use_case.folder / "use_case.yaml"))
    return {**_by_policy(shares, sensitivities), **use_case.monitor.tiers}


def require_features(use_case: UseCase, names: list[str], where: str) -> None:
    """Return when ``monitor.tiers`` names only features, and tells them apart.

    :raises ConfigError: it does not
    """
    chosen = use_case.monitor.tiers
    for name in chosen:
        if name not in names:
            raise ConfigError(
                f"{where}: 'monitor.tiers' names {name!r}, which is no feature of features.sql{nearest(name, names)}"
            )
    if len(names) > 1 and set(chosen) == set(names) and len(set(chosen.values())) == 1:
        tier = next(iter(chosen.values()))
        raise ConfigError(
            f"{where}: 'monitor.tiers' makes all {len(names)} features {tier}, which tells "
            "none apart; name only those that the policy places wrongly."
        )


def _by_policy(shares: Mapping[str, float], sensitivities: Mapping[str, float]) -> dict[str, Tier]:
    found: dict[str, Tier] = {}
    before = 0.0  # what the more important ones bring together
    for name in sorted(shares, key=lambda name: (-shares[name], name)):
        if shares[name] >= CRITICAL_SHARE or sensitivities[name] >= CRITICAL_SENSITIVITY:
            found[name] = "critical"
        else:
            found[name] = "important" if shares[name] and before < IMPORTANT_TOGETHER else "informational"
        before += shares[name]
    return {name: found[name] for name in shares}
