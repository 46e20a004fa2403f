"""What all monitors of a use case may cost in false alarms a year, and which of them may start a training."""

from collections.abc import Sequence

from driftgate.monitoring_policy import MonitorName
from driftgate.records import Record
from driftgate.use_cases import UseCase


class Price(Record):
    """The agreed false alarms a year of one monitor; None where its limit is set by something else."""

    monitor: MonitorName
    per_year: float | None
    trains: bool  # whether ``retrain.on`` accepts its drift as a cause


def agreed_prices(use_case: UseCase) -> tuple[Price, ...]:
    """Return the price of every monitor that runs: those with one first, the dearest at the top."""
    prices = [
        Price(monitor=name, per_year=use_case.monitor.prices.get(name), trains=name in use_case.retrain.on)
        for name in use_case.monitors
    ]
    return tuple(sorted(prices, key=lambda price: (-(price.per_year or 0), not price.trains)))


def total(prices: Sequence[Price]) -> float:
    """Return what they come to a year: each monitor is held to its own price, none is lowered for the others."""
    return sum(price.per_year or 0 for price in prices)


def told(prices: Sequence[Price]) -> str:
    """Return the prices in a few sentences."""
    priced, free = [one for one in prices if one.per_year], [one for one in prices if not one.per_year]
    each = ", ".join(f"{one.monitor} {one.per_year:g}" for one in priced)
    summed = f"Agreed false alarms a year: {each}; together {total(prices):g}."
    training = [one for one in prices if one.trains]
    starts = f"Of them {total(training):g} may start a training ({_names(training)})." if training else ""
    unpriced = f"No price was agreed for {_names(free)}." if free else ""
    return " ".join(part for part in (summed, starts or "None starts a training.", unpriced) if part)


def _names(prices: Sequence[Price]) -> str:
    *some, last = [price.monitor for price in prices]
    return f"{', '.join(some)} and {last}" if some else last
