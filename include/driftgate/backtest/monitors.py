"""Which monitors judge the nights of a replay, and that no policy hangs on one of the others."""

from collections.abc import Mapping

from driftgate.errors import ConfigError
from driftgate.monitoring_policy import MONITORS, MonitorName
from driftgate.retrain_policy import Retrain

# A replay has neither failures nor latency nor reviewers, its features are the offline truth, and to explain a night's
# answers takes longer than all other monitors together.
NOT_REPLAYED: tuple[MonitorName, ...] = ("service", "skew", "attribution", "agreement")
REPLAYED = tuple(monitor for monitor in MONITORS if monitor not in NOT_REPLAYED)


def require_replayed(retrain: Retrain, where: Mapping[str, str]) -> None:
    """Return when no training or rollback of a policy follows from a monitor that a replay does not judge.

    A rule that has people look, or nobody, may be about any: it moves nothing.

    :param where: the file that ``on`` is from, and that ``rules`` are
    :raises ConfigError: one does, so the policy would seem never to move by it
    """
    moving = [rule for rule in retrain.rules if rule.decision in ("retrain", "rollback")]
    named = [("on", "'retrain.on'", cause) for cause in retrain.on]
    named += [("rules", f"'retrain.rules', rule {rule.name!r},", rule.drift) for rule in moving]
    for key, told, monitor in named:
        if monitor in NOT_REPLAYED:
            others = ", ".join(other for other in NOT_REPLAYED if other != monitor)
            raise ConfigError(
                f"{where[key]}: key {told} names {monitor}, which a backtest does not judge (nor {others}), so the "
                "policy would seem never to move by it; compare a policy file that leaves it out."
            )
