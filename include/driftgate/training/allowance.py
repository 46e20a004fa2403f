"""What a job may spend on training, over all its attempts."""

import math
from collections.abc import Sequence

from driftgate.compute import Attempt
from driftgate.compute.jobs import JobSpec
from driftgate.compute.place import place
from driftgate.errors import ConfigError
from driftgate.ledger.prices import Machine, price

SECONDS_PER_MINUTE, SECONDS_PER_HOUR = 60, 3600


class Allowance:
    """The seconds of training that are left, before this attempt has used any."""

    def __init__(self, spec: JobSpec, earlier: Sequence[Attempt] = ()) -> None:
        used = sum(attempt.seconds for attempt in earlier)
        self.seconds_left = min(_minutes(spec), _cost(spec)) - used

    def is_spent(self, seconds: float) -> bool:
        """Return whether this attempt, after so many seconds, has used up what was left."""
        return seconds >= self.seconds_left


def _minutes(spec: JobSpec) -> float:
    minutes = spec.stop.max_minutes
    return math.inf if minutes is None else minutes * SECONDS_PER_MINUTE


def _cost(spec: JobSpec) -> float:
    if spec.stop.max_cost_usd is None:
        return math.inf
    name, target = place(spec)
    rate = price(Machine.of_target(target)) if target else None
    if rate is None or rate.usd_per_hour is None:
        raise ConfigError(
            f"Job {spec.job_id}: 'stop.max_cost_usd' cannot be kept on compute target {name!r}, whose price is not "
            "known; add it to include/price_table.yaml, or set 'stop.max_minutes' instead."
        )
    return spec.stop.max_cost_usd / rate.usd_per_hour * SECONDS_PER_HOUR if rate.usd_per_hour else math.inf
